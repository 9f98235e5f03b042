# The application alone: Kafka and PostgreSQL are services of their own in docker-compose.yml.
FROM python:3.11-slim
WORKDIR /app
# What outlives a container is in a volume there; a new one begins as what the image has, its owner included.
RUN useradd --system --home /app conexoes && install -d -o conexoes -m 700 /var/lib/conexoes
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY storage storage
COPY broker broker
COPY agents agents
COPY exports exports
COPY api api
COPY admin admin
COPY connectors connectors
COPY embedded embedded
COPY cli cli
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
USER conexoes
ENV CONEXOES_DATA_DIR=/tmp/conexoes CONEXOES_HTTP_HOST=0.0.0.0
ENTRYPOINT ["conexoes"]
CMD ["admin"]
