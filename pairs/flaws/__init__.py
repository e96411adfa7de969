# SPDX-License-Identifier: Apache-2.0
"""Defects drawn into pictures: shapes and tones -> one flaw of a kind and a size -> pairs of a user's own with masks.

Needs nothing but numpy and Pillow. What is drawn shows: a flaw that changes too little where it was tried is drawn
elsewhere, and its mask is what changed.
"""
