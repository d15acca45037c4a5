# The package, built from the sources, and the server that it is; Redis is another container (compose.yaml), or, without
# REDIS_URL, a child of the server.
FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm ci \
  && npm pack --ignore-scripts \
  && mkdir /app \
  && tar -xzf rollcall-*.tgz -C /app --strip-components=1 \
  && cp package-lock.json /app \
  && npm ci --prefix /app --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app .
RUN mkdir /data && chown node /data
USER node
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
EXPOSE 8080
# A large journal takes minutes to be read at the start; the server is healthy as soon as it is ready.
HEALTHCHECK --interval=10s --timeout=10s --start-period=10m --retries=3 CMD ["node", "dist/src/main.js", "health"]
CMD ["node", "dist/src/main.js", "serve"]
