# SPDX-License-Identifier: Apache-2.0
"""A model in use: behind HTTP for whoever asks (`changenet serve`), and on a folder that a line fills (`watch`)."""
