# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""`model`: backbone, decoder head, and the classify task's comparison of the two images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spec.backbones import NAMED, TIMM_PATTERN
from spec.fields import EMBEDDED, Channels, Count, Index, Section, Tune, knob, section

NamedBackbone = Literal[NAMED]  # type: ignore[valid-type]
TimmBackbone = Annotated[str, Field(pattern=TIMM_PATTERN, json_schema_extra={"engines": list(EMBEDDED)})]


class Backbone(Section):
    """The feature extractor that both images of a pair share."""

    type: NamedBackbone | TimmBackbone = knob(
        "c_radio_v2_vit_base_patch16_224",
        "Architecture of the feature extractor. Weights, decoder channels and strides must belong to it; "
        "`timm/<name>` takes any timm model that yields feature maps.",
        Tune(on=False, parent=True),
        popular=True,
    )
    pretrained_backbone_path: str | None = knob(
        None,
        "Local .safetensors, .pth or .ckpt file with backbone weights; nothing is downloaded, so no URL and no "
        "repository id. Null starts from random weights. `package:efficientnet-lite0` takes the ImageNet weights of "
        "that installed Python package (embedded engine, timm/tf_efficientnet_lite0).",
        popular=True,
    )
    freeze_backbone: bool = knob(
        False, "Keep the backbone's weights as loaded and train only what follows it. Needs weights to be given."
    )
    frozen_levels: Annotated[int, Field(ge=0, le=4)] = knob(
        0,
        "timm backbones: how many of the four feature levels, finest first, stay as loaded with all that comes before "
        "them. The first levels hold edges and corners, cost most, and gain little from training. Needs weights.",
        unit="levels",
        engines=list(EMBEDDED),
    )
    finest_stride: Literal[2, 4] = knob(
        4,
        "timm backbones: input pixels per cell of the finest of the four maps. 2 takes one finer level and leaves out "
        "the deepest: for small defects in small images, and quicker.",
        unit="pixels",
        engines=list(EMBEDDED),
    )
    feat_downsample: bool = knob(
        False, "FAN backbones: reduce the tokens of the last stage by convolution instead of keeping their grid."
    )


class DecoderParams(Section):
    """Width of the decoder."""

    embed_dim: int = knob(256, "Channels that every feature level is projected to.", ge=8, le=4096, unit="channels")


class DecodeHead(Section):
    """What the decoder expects of the backbone's four feature maps."""

    in_channels: Channels = knob(
        [768, 768, 768, 768], "Channels of the four maps, finest first, as the backbone gives them.", unit="channels"
    )
    in_index: Annotated[list[Annotated[Index, Field(le=3)]], Field(min_length=4, max_length=4)] = knob(
        [0, 1, 2, 3], "Which backbone map each decoder input reads."
    )
    feature_strides: Channels = knob(
        [4, 8, 16, 32],
        "Input pixels per cell of the four maps: 4, 8, 16, 32 for the ViT backbones, 4, 8, 16, 16 for FAN.",
        unit="pixels",
    )
    align_corners: bool = knob(False, "Align the corner cells when maps are enlarged.")
    decoder_params: DecoderParams = section(DecoderParams, "Width of the decoder.")
    use_summary_token: bool = knob(False, "C-RADIO with the adapter: add the summary token to the feature maps.")


class ClassifyModel(Section):
    """How the classify task turns two sets of features into a score."""

    # Neither margin is searched by default: eval_margin changes no loss at all, and with another train_margin_euclid
    # losses of two trials can't be compared.
    train_margin_euclid: float = knob(
        2.0,
        "Distance beyond which a defective pair adds nothing to the contrastive loss.",
        Tune(0.5, 5.0, on=False, active_when={"model.classify.difference_module": ["euclidean"]}),
        gt=0,
        le=100,
        unit="embedding distance",
    )
    eval_margin: float = knob(
        0.3,
        "Decision threshold: a pair is NO_PASS when its score is above it. Lower catches more defects and raises "
        "more false alarms.",
        Tune(0.01, 5.0, "log", on=False),
        ge=0,
        le=100,
        unit="score",
        popular=True,
    )
    target: str | None = knob(
        None,
        "What the inspection must reach, for instance `far<=0.1% at recall=100%`. Training chooses the threshold for "
        "it on validation pairs and stores it with the model; evaluation says whether test pairs meet it. Null takes "
        "the threshold with the best F1.",
        engines=list(EMBEDDED),
    )
    escape_cost: Annotated[float, Field(gt=0, le=1000)] = knob(
        1.0,
        "How many false alarms an escaped defect is as bad as, where training chooses the threshold on validation "
        "pairs: it weighs that much in the F measure, and in a gap between scores the threshold stands that much "
        "lower. 1 weighs both alike.",
        unit="false alarms",
        engines=list(EMBEDDED),
    )
    second_look: Annotated[float, Field(ge=0, le=50)] = knob(
        0.0,
        "Doubt: a pair whose logarithm of the odds of NO_PASS lies closer to zero than this is scored again, turned "
        "and mirrored, and the mean of all views counts. 0 looks once. For the learnable module.",
        unit="logit",
        engines=list(EMBEDDED),
    )
    second_look_scale: Annotated[float, Field(ge=1, le=3)] = knob(
        1.0,
        "How many times larger a doubtful pair is looked at once more; that look counts twice as much as the mean of "
        "the views at the size of the input. 1 leaves it out. For second_look, the pooled head and timm backbones; "
        "exported models have pictures of one size.",
        unit="times",
        engines=list(EMBEDDED),
    )
    embedding_vectors: Count = knob(
        5,
        "Length of the vector that the euclidean module compares images by.",
        Tune(2, 64, "log", on=False, active_when={"model.classify.difference_module": ["euclidean"]}),
        le=4096,
    )
    embed_dec: Count = knob(
        30,
        "Hidden units of the classifier behind the learnable module.",
        Tune(8, 256, "log", on=False, active_when={"model.classify.difference_module": ["learnable"]}),
        le=4096,
    )
    learnable_difference_modules: Count = knob(
        4,
        "How many levels of differences the learnable module fuses, coarsest first.",
        Tune(
            1,
            4,
            depends_on="model.classify.difference_module",
            active_when={
                "model.classify.difference_module": ["learnable"],
                "model.classify.difference_head": ["flatten"],
            },
        ),
        le=4,
        unit="levels",
    )
    difference_module: Literal["learnable", "euclidean"] = knob(
        "learnable",
        "How the images are compared: `learnable` fuses feature differences and scores with a classifier (loss `ce`); "
        "`euclidean` measures the distance of two embeddings (loss `contrastive`).",
        Tune(on=False, parent=True),
        popular=True,
    )
    difference_head: Literal["flatten", "pooled"] = knob(
        "flatten",
        "How the learnable module reads the fused map: `flatten` weighs every cell, and so fits one image size; "
        "`pooled` takes each channel's maximum and mean, which is smaller and takes any size.",
        Tune(on=False, active_when={"model.classify.difference_module": ["learnable"]}),
        engines=list(EMBEDDED),
    )


class SegmentModel(Section):
    """How the segment task turns two sets of features into a mask."""

    decoder: Literal["full", "light"] = knob(
        "full",
        "Network behind the backbone: `full` is the container's, with its five predictions; `light` is for small "
        "backbones: absolute differences, few channels, and a last stage that sees the pixels of both images.",
        Tune(on=False),
        engines=list(EMBEDDED),
    )


class Model(Section):
    """The network."""

    backbone: Backbone = section(Backbone, "The feature extractor that both images of a pair share.")
    decode_head: DecodeHead = section(DecodeHead, "What the decoder expects of the backbone's four feature maps.")
    classify: ClassifyModel = section(ClassifyModel, "How the classify task scores a pair.")
    segment: SegmentModel = section(SegmentModel, "How the segment task makes a mask.")
    precise_msda: bool = knob(
        False,
        "Deformable attention that gives the same bits each time, at the cost of speed. Containers from 7.3 on know "
        "this key; on a processor the embedded engine is always that precise.",
        optional=True,
    )
