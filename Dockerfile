# The image of Pharos, for a ClickHouse server: `docker build -t pharos .`
# With the embedded engine instead, ten times as large: `docker build --target embedded -t pharos:embedded .`
# Debian, because the embedded ClickHouse engine needs glibc.
FROM node:20.19.5-bookworm-slim AS build
WORKDIR /pharos
COPY package.json package-lock.json ./
COPY cli/prepare.mjs cli/prepare.mjs
RUN node cli/prepare.mjs --install-only
COPY . .
# Compiles the program and bundles the console; then what is only needed for that goes. The engine stays aside.
RUN node cli/prepare.mjs \
  && npm prune --omit=dev --no-audit --no-fund \
  && rm -rf dist/.tsbuildinfo \
  && mkdir -p engine \
  && mv node_modules/chdb node_modules/@chdb engine/

FROM node:20.19.5-bookworm-slim AS program
ENV NODE_ENV=production
WORKDIR /pharos
RUN install -d -o node -g node -m 700 /var/lib/pharos
COPY --from=build /pharos/package.json package.json
COPY --from=build /pharos/node_modules node_modules
COPY --from=build /pharos/cli/start.cjs cli/start.cjs
COPY --from=build /pharos/dist dist
USER node
VOLUME /var/lib/pharos
ENV PHAROS_DATA_DIR=/var/lib/pharos PHAROS_LISTEN=0.0.0.0:9090
EXPOSE 9090 6443
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/-/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--expose-gc", "--single-threaded-gc", "--max-semi-space-size=4", "cli/start.cjs"]

FROM program AS embedded
COPY --from=build /pharos/engine node_modules

# What is built when no target is named.
FROM program
