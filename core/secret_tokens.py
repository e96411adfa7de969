# SPDX-License-Identifier: Apache-2.0
"""Tokens that are known by themselves, wherever they stand: the prefixes and lengths of their vendors."""

VENDOR = (
    r"(?<![A-Za-z0-9])(?P<secret>"
    r"hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|gl[a-z]{2,5}-[\w.-]{16,}|xox[a-z]-[\w-]{10,}|"
    r"xapp-[\w-]{20,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|sk-(?:(?=[A-Za-z_-]{0,64}\d)[\w-]{20,}|[A-Za-z]{20,})|"
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}|pypi-[\w-]{40,}|npm_[A-Za-z0-9]{30,}|"
    r"nvapi-[\w-]{20,}|A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])|do[por]_v1_[0-9a-f]{40,}|"
    r"SG\.[\w-]{16,64}\.[\w-]{16,}|eyJ[\w-]{16,}+(?:\.[\w-]*+){0,4}|dckr_[op]at_[\w-]{20,}|dapi[0-9a-f]{32}|"
    r"r8_[A-Za-z0-9]{30,}|hv[bsr]\.[\w-]{20,}|gl(?:sa|c)_[\w+/=]{20,}|\d{8,10}:AA[\w-]{32,}|shp[a-z]{2}_[0-9a-f]{32}|"
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}|lin_api_\w{30,}|PMAK-[0-9a-f-]{40,}|key-[0-9a-f]{32}(?![0-9a-f])|"
    r"hooks\.slack\.com/services/[\w/-]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{50,})"
)
VENDOR_HINTS = (
    "hf_ ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glsa_ glc_ xox xapp- aiza "
    "ya29. gocspx- sk- sk_ rk_ whsec_ pypi- npm_ nvapi- akia asia abia acca _v1_ sg. eyj dckr_ dapi r8_ hvb. hvs. hvr. "
    ":aa shp age-secret lin_api_ pmak- key- hooks.slack webhooks/"
)
