# SPDX-License-Identifier: Apache-2.0
"""A model that judges what it is handed, as long as it is needed: the program behind `changenet serve` and `watch`."""
