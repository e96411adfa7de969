# SPDX-License-Identifier: Apache-2.0
"""The skill as a server of the Model Context Protocol (MCP): tools from the table of verbs, pages as resources."""
