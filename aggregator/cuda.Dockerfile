# The aggregator on an NVIDIA GPU: WebGPU through Vulkan, and TensorFlow on CUDA. From the root:
#
#   docker build -f aggregator/cuda.Dockerfile -t vitrine-gpu .
#   docker run --gpus all -p 8787:8787 -v /srv/tea-shop/server:/etc/vitrine vitrine-gpu
#   docker run --gpus all vitrine-gpu node aggregator/vitrine.js doctor
#
# The last says what of the GPU works. tfjs-node-gpu 4.22.0 asks for CUDA 11.2 and cuDNN 8.1; 11.8 has the
# same libraries by name (libcudart.so.11.0, libcudnn.so.8) and, other than 11.2, an image on Ubuntu 22.04,
# whose glibc Dawn needs (2.34).

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json vite.config.ts LICENSE ./
RUN npm ci
COPY shared shared
COPY sdk sdk
COPY demo-shop demo-shop
COPY test test
COPY aggregator aggregator
RUN npm run build

# The metrics' package, Dawn, and TensorFlow, whose install step downloads its library.
FROM node:20.20.2-bookworm AS peers
WORKDIR /peers
RUN npm install --no-save --no-audit --no-fund prom-client@15.1.3 webgpu@0.6.2
COPY aggregator/cuda cuda
RUN npm install --prefix cuda --no-audit --no-fund

FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvulkan1 libx11-6 libxext6 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 1000 --create-home node
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
ENV NODE_ENV=production VITRINE_HOST=0.0.0.0 VITRINE_PORT=8787
# Vulkan is among the driver's graphics libraries.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics
COPY --from=peers /peers/node_modules node_modules
COPY --from=peers /peers/cuda aggregator/cuda
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/aggregator/vitrine.js aggregator/vitrine.js
COPY --from=build /src/dist dist
USER node
VOLUME /etc/vitrine
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "aggregator/vitrine.js", "serve", "--config", "/etc/vitrine/vitrine.json"]
