# The embedded engine as an image. Its entry point is `visual_changenet`, with the command line of the TAO container.
#   make image                          for CPUs; TORCH_INDEX names the index of PyTorch's CPU builds
#   make image VARIANT=cuda             for NVIDIA GPUs
# BASE needs Python 3.11 or newer, with venv.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG TORCH_INDEX=
ARG VARIANT=cpu
WORKDIR /build
COPY constraints.txt ./
RUN python3 -m venv /opt/changenet \
    && /opt/changenet/bin/pip install --no-cache-dir --constraint constraints.txt \
        ${TORCH_INDEX:+--no-deps --index-url "$TORCH_INDEX"} torch torchvision
COPY . .
RUN /opt/changenet/bin/pip install --no-cache-dir --constraint constraints.txt '.[engine]' \
    && /opt/changenet/bin/python scripts/check_torch.py "$VARIANT" \
    && /opt/changenet/bin/pip uninstall --yes --quiet pip

FROM ${BASE}
COPY --from=build /opt/changenet /opt/changenet
ENV PATH=/opt/changenet/bin:$PATH OMP_WAIT_POLICY=PASSIVE PYTHONUNBUFFERED=1
# Whoever starts the container names the user; without, it is none with rights.
USER 65534:65534
WORKDIR /tmp
ENTRYPOINT ["visual_changenet"]
