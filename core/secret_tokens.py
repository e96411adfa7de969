# SPDX-License-Identifier: Apache-2.0
"""Tokens that are known by themselves, wherever they stand: the prefixes and lengths of their vendors."""

# How the tokens begin, in the letters as they are, and what follows.
VENDOR = (
    ("hf_", r"[A-Za-z0-9]{20,}"),
    ("ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{30,}"),
    ("github_pat_", r"\w{30,}"),
    ("glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glimt- glagent- gloas- glffct-", r"[\w.-]{16,}"),
    ("xox", r"[a-z]-[\w-]{10,}"),
    ("xapp-", r"[\w-]{20,}"),
    ("AIza", r"[\w-]{30,}"),
    ("ya29.", r"[\w-]{20,}"),
    ("GOCSPX-", r"[\w-]{20,}"),
    ("sk-", r"(?:(?=[A-Za-z_-]{0,64}\d)[\w-]{20,}|[A-Za-z]{20,})"),
    ("sk_live_ sk_test_ rk_live_ rk_test_", r"[A-Za-z0-9]{10,}"),
    ("whsec_", r"[A-Za-z0-9+/=]{20,}"),
    ("pypi-", r"[\w-]{40,}"),
    ("npm_", r"[A-Za-z0-9]{30,}"),
    ("nvapi-", r"[\w-]{20,}"),
    ("AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("dop_v1_ doo_v1_ dor_v1_", r"[0-9a-f]{40,}"),
    ("SG.", r"[\w-]{16,64}\.[\w-]{16,}"),
    ("eyJ", r"[\w-]{16,}+(?:\.[\w-]*+){0,4}"),
    ("dckr_pat_ dckr_oat_", r"[\w-]{20,}"),
    ("dapi", r"[0-9a-f]{32}"),
    ("r8_", r"[A-Za-z0-9]{30,}"),
    ("hvb. hvs. hvr.", r"[\w-]{20,}"),
    ("glsa_ glc_", r"[\w+/=]{20,}"),
    ("shp", r"[a-z]{2}_[0-9a-f]{32}"),
    ("AGE-SECRET-KEY-1", r"[A-Z0-9]{50,}"),
    ("lin_api_", r"\w{30,}"),
    ("PMAK-", r"[0-9a-f-]{40,}"),
    ("key-", r"[0-9a-f]{32}(?![0-9a-f])"),
    ("hooks.slack.com/services/", r"[\w/-]{20,}"),
    ("discord.com/api/webhooks/ discordapp.com/api/webhooks/", r"\d+/[\w-]{50,}"),
)
# Every one of these has 17 letters and digits in a row: they are looked for around such runs alone.
VENDOR_RUNS = (
    r"(?<![A-Za-z0-9])(?P<secret>"
    r"(?:dp\.[a-z]{2}\.(?:[\w-]{1,32}\.)?|pul-|pscale_[a-z]{2,6}_|sbp_|sb_secret_|ntn_|secret_|figd_|NRAK-|sntry[a-z]_|sq0[a-z]{3}-|EAA[AC]|"
    r"AQE[a-z]|AQVN|ATBB|ATATT|ATCTT|AKCp[0-9]|cmVmdGtu|rubygems_|api_org_|gsk_|xai-|pplx-|tgp_v\d_|fw_|lsv2_[a-z]{2}_|pcsk_|"
    r"wandb_v\d_|ls__|tskey-[a-z]{2,10}-|fastly_|HRKU-|rnd_|fo1_|fm[12]_|nf[a-z]_|vercel_\w{2,10}_|LTAI|AKID|y[0-3]_|EZ[AT]K|"
    r"duffel_[a-z]{4}_|pn[ub]_|rdme_|ico-|sgp_|tfp_|bku?a_|CCI(?:PAT|PRJ)_|cio|tok_live_|PRV-|shippo_live_|"
    r"flw_|frk_|nrk_|sess-|crsr_|tvly-|jina_|bfl_|phc_|phx_|cfut_|cfat_)[\w.=-]{0,24}?(?=[A-Za-z0-9]{17})(?=[A-Za-z_=./+-]{0,64}\d)[\w.=/+-]+|"
    r"1//0[\w-]{30,}|\w{3}8Q~[\w.~-]{30,}|\w{14}\.atlasv1\.[\w-]{50,}|pat\w{14}\.[0-9a-f]{64}|[0-9a-f]{36}NRAL|[0-9a-f]{32}-us\d{1,2}(?!\w)|"
    r"SK[0-9a-f]{32}(?![0-9a-f])|SCW[A-Z0-9]{17}(?![A-Z0-9])|oy2[a-z0-9]{43}(?![a-z0-9])|dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}|v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}|"
    r"[sbr]\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}(?![\w.])|[MNO][A-Za-z0-9]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])|(?<!sha512-)[A-Za-z0-9+/]{86}==(?!=))"
)
