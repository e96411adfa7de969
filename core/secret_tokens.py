# SPDX-License-Identifier: Apache-2.0
"""Tokens that are known by themselves, wherever they stand: the prefixes and lengths of their vendors."""

VENDOR = (
    r"(?<![A-Za-z0-9])(?P<secret>"
    r"hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|gl[a-z]{2,5}-[\w.-]{16,}|xox[a-z]-[\w-]{10,}|"
    r"xapp-[\w-]{20,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|sk-(?:(?=[A-Za-z_-]{0,64}\d)[\w-]{20,}|[A-Za-z]{20,})|"
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}|pypi-[\w-]{40,}|npm_[A-Za-z0-9]{30,}|"
    r"nvapi-[\w-]{20,}|A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])|do[por]_v1_[0-9a-f]{40,}|"
    r"SG\.[\w-]{16,64}\.[\w-]{16,}|eyJ[\w-]{16,}+(?:\.[\w-]*+){0,4}|dckr_[op]at_[\w-]{20,}|dapi[0-9a-f]{32}|"
    r"r8_[A-Za-z0-9]{30,}|hv[bsr]\.[\w-]{20,}|gl(?:sa|c)_[\w+/=]{20,}|(?:bot)?\d{8,10}:AA[\w-]{32,}|shp[a-z]{2}_[0-9a-f]{32}|"
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}|lin_api_\w{30,}|PMAK-[0-9a-f-]{40,}|key-[0-9a-f]{32}(?![0-9a-f])|"
    r"hooks\.slack\.com/services/[\w/-]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{50,})"
)
VENDOR_HINTS = (
    "hf_ ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glsa_ glc_ xox xapp- aiza "
    "ya29. gocspx- sk- sk_ rk_ whsec_ pypi- npm_ nvapi- akia asia abia acca _v1_ sg. eyj dckr_ dapi r8_ hvb. hvs. hvr. "
    ":aa shp age-secret lin_api_ pmak- key- hooks.slack webhooks/"
)
# Every one of these has 17 letters and digits in a row: a text without such a run is not searched for them.
VENDOR_RUNS = (
    r"(?<![A-Za-z0-9])(?P<secret>"
    r"(?:dp\.[a-z]{2}\.(?:[\w-]{1,32}\.)?|pul-|pscale_[a-z]{2,6}_|sbp_|sb_secret_|ntn_|secret_|figd_|NRAK-|sntry[a-z]_|sq0[a-z]{3}-|EAA[AC]|"
    r"AQE[a-z]|AQVN|ATBB|ATATT|ATCTT|AKCp[0-9]|cmVmdGtu|rubygems_|api_org_|gsk_|xai-|pplx-|tgp_v\d_|fw_|lsv2_[a-z]{2}_|pcsk_|"
    r"wandb_v\d_|ls__|tskey-[a-z]{2,10}-|fastly_|HRKU-|rnd_|fo1_|fm[12]_|nf[a-z]_|vercel_\w{2,10}_|LTAI|AKID|y[0-3]_|EZ[AT]K|"
    r"duffel_[a-z]{4}_|pn[ub]_|rdme_|ico-|sgp_|tfp_|bku?a_|CCI(?:PAT|PRJ)_|cio|tok_live_|PRV-|shippo_live_|"
    r"flw_|frk_|nrk_|sess-|crsr_|tvly-|jina_|bfl_|phc_|phx_|cfut_|cfat_)[\w.=-]{0,24}?(?=[A-Za-z0-9]{17})(?=[A-Za-z_=./+-]{0,64}\d)[\w.=/+-]+|"
    r"1//0[\w-]{30,}|\w{3}8Q~[\w.~-]{30,}|\w{14}\.atlasv1\.[\w-]{50,}|pat\w{14}\.[0-9a-f]{64}|[0-9a-f]{36}NRAL|[0-9a-f]{32}-us\d{1,2}(?!\w)|"
    r"SK[0-9a-f]{32}(?![0-9a-f])|SCW[A-Z0-9]{17}(?![A-Z0-9])|oy2[a-z0-9]{43}(?![a-z0-9])|dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}|v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}|"
    r"[MNO][A-Za-z0-9]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])|(?<!sha512-)[A-Za-z0-9+/]{86}==(?!=))"
)
