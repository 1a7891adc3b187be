# The serving image: worker, API and console. No torch, no compiler, no root.
# Kernels are compiled for x86-64-v3 (every server since 2015) while building, so that a container
# starts at once on any such machine; build with --platform linux/amd64.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY deploy/requirements.lock deploy/build.lock deploy/
RUN python -m venv /opt/penumbra \
    && /opt/penumbra/bin/pip install --require-hashes -r deploy/requirements.lock -r deploy/build.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY service service
COPY loadtest loadtest
COPY training training
RUN /opt/penumbra/bin/pip install --no-deps --no-build-isolation . \
    && /opt/penumbra/bin/pip uninstall --yes setuptools pip

FROM ${PYTHON_IMAGE} AS serve
# Both: numba files compiled code under the processor's name and its features; with the features of
# the building machine in the name, another machine would compile all of it again.
ENV NUMBA_CPU_NAME=x86-64-v3 \
    NUMBA_CPU_FEATURES="" \
    NUMBA_CACHE_DIR=/var/cache/penumbra \
    OMP_NUM_THREADS=1 \
    PATH=/opt/penumbra/bin:$PATH \
    PENUMBRA_API_HOST=0.0.0.0 \
    PENUMBRA_VAR_DIR=/var/lib/penumbra \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 penumbra \
    && useradd --uid 10001 --gid penumbra --no-create-home --home-dir /var/lib/penumbra penumbra \
    && install --directory --owner=penumbra --group=penumbra /var/lib/penumbra /var/cache/penumbra
COPY --from=build /opt/penumbra /opt/penumbra
WORKDIR /var/lib/penumbra
USER 10001:10001
# one made-up payment through the whole pipeline: it fills the kernel cache and proves the image
RUN ["python", "-m", "service.rehearsal"]
EXPOSE 8000
VOLUME ["/var/lib/penumbra"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["penumbra"]
CMD ["serve"]
