# SPDX-License-Identifier: Apache-2.0
"""Inputs brought to where the action reads them: fetched from stores, unpacked, put together; and results sent away."""
