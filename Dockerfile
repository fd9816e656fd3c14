# The bot. Settings come from the environment (.env.example); the database lives in the volume.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# First what changes seldom: the pinned dependencies, checked against their hashes.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md ./
COPY bot bot
COPY handlers handlers
COPY storage storage
RUN pip install --no-deps --no-build-isolation --editable .

RUN useradd --system --uid 10001 --no-create-home robocall \
    && install -d -o robocall -g robocall /data
USER robocall
VOLUME /data

# Inside a container every address is needed; compose.yml publishes the port to loopback only.
ENV ROBOCALL_HOST=0.0.0.0 ROBOCALL_PORT=3000 ROBOCALL_DB=/data/robocall.db
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['ROBOCALL_PORT'] + '/healthz', timeout=4)"]

CMD ["robocall", "run"]
