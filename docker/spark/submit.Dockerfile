# Submits the reference runner to spark://master:7077: JSON lines of requests on stdin, of answers on stdout, until stdin ends.
# Arguments are those of reference.py. The build context is this folder.
ARG SETUP=casemate-spark-setup:3.2.0
FROM ${SETUP}

# Driver and executors must reach the folder of the tables by one path: Python makes it under TMPDIR.
ENV TMPDIR=/warehouse
COPY submit /opt/reference/
# It lives as long as its stdin: there is nothing to wait for.
HEALTHCHECK NONE
ENTRYPOINT ["/opt/reference/submit"]
