# One image, one process: web chat, Telegram by polling, delivery. Data in /app/var (mount it).
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY bot bot
COPY handlers handlers
COPY locales locales
COPY data data
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 passerelle && install -d -o passerelle /app/var
COPY --from=build /venv /venv
USER passerelle
WORKDIR /app
VOLUME /app/var
ENV PATH=/venv/bin:$PATH PASSERELLE_HOST=0.0.0.0 PYTHONUNBUFFERED=1
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=40s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
CMD ["passerelle", "run"]
