# SPDX-License-Identifier: Apache-2.0
"""Inspection of whole pictures, for every task: registration, evidence, regions, verdicts. Imports no task."""
