# SPDX-License-Identifier: Apache-2.0
"""The bank: skills, code and manifests in one folder that can be carried, checked and installed."""
