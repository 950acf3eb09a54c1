# The master of the reference cluster, at spark://master:7077 in its network. The build context is this folder.
ARG SETUP=casemate-spark-setup:3.2.0
FROM ${SETUP}

COPY healthy.py /opt/reference/
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
    CMD ["/opt/spark-python/bin/python", "/opt/reference/healthy.py", "master"]
# The address that workers and drivers name must be the one it binds to: the container's host name is `master`.
CMD ["/opt/spark/bin/spark-class", "org.apache.spark.deploy.master.Master", "--host", "master", "--port", "7077", \
    "--webui-port", "8080"]
