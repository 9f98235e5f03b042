# The application alone: Kafka and PostgreSQL are services of their own in docker-compose.yml.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/conexoes
COPY requirements-build.lock requirements-runtime.lock ./
RUN /opt/conexoes/bin/pip install --no-cache-dir --require-hashes -r requirements-runtime.lock
# What builds the package is not what runs it.
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY storage storage
COPY broker broker
COPY tracing tracing
COPY agents agents
COPY outbound outbound
COPY exports exports
COPY api api
COPY admin admin
COPY conexoes_connector conexoes_connector
COPY connectors connectors
COPY mcp_server mcp_server
COPY embedded embedded
COPY cli cli
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/conexoes/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.11-slim
# What outlives a container is in a volume there; a new one begins as what the image has, its owner included.
RUN useradd --system --home /opt/conexoes conexoes && install -d -o conexoes -m 700 /var/lib/conexoes
COPY --from=build /opt/conexoes /opt/conexoes
USER conexoes
ENV PATH=/opt/conexoes/bin:$PATH CONEXOES_DATA_DIR=/tmp/conexoes CONEXOES_HTTP_HOST=0.0.0.0 \
    CONEXOES_METRICS_HOST=0.0.0.0 CONEXOES_METRICS_PORT=9100
# `agents`, `admin`, `api`, `bridge` and `simulate`; what runs once has ended by then.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9100/readyz', timeout=4)"]
ENTRYPOINT ["conexoes"]
CMD ["admin"]
