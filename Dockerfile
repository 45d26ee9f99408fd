# The one image: its command and environment choose the services. Built on the architecture that it is to run on.
ARG BASE=node:24-slim
FROM ${BASE} AS build
WORKDIR /restante
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY infra/bundle.ts infra/image.ts infra/
COPY services services
COPY shared shared
RUN node infra/image.ts /image

FROM ${BASE}
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
COPY --from=build /image /restante
# What a task mounts here belongs to root, unless the image declares the volume over a folder of somebody else's.
RUN mkdir /restante/data && chown node:node /restante/data
VOLUME /restante/data
WORKDIR /restante
# Not root, and nothing of the image is written to: the root file system may be read-only.
USER node
ENTRYPOINT ["node", "services/local/main.mjs"]
CMD ["serve"]
