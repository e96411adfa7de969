# SPDX-License-Identifier: Apache-2.0
"""Archives of either kind, unpacked under the same rules."""
