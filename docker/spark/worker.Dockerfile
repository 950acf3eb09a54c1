# A worker of the reference cluster: it runs executors for the master at spark://master:7077. SPARK_WORKER_CORES and
# SPARK_WORKER_MEMORY say what it offers (default: all of the machine's). The build context is this folder.
ARG SETUP=casemate-spark-setup:3.2.0
FROM ${SETUP}

COPY healthy.py /opt/reference/
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
    CMD ["/opt/spark-python/bin/python", "/opt/reference/healthy.py", "worker"]
CMD ["/opt/spark/bin/spark-class", "org.apache.spark.deploy.worker.Worker", "spark://master:7077"]
