# SPDX-License-Identifier: Apache-2.0
"""The feature extractors of the embedded engine: four maps per image, published weights, nothing downloaded."""
