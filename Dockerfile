# slotstorm as an image, for generators on clusters other than kind and for runs
# inside a cluster: 'make image' builds the program, then this. The program is one
# static file and needs nothing beside it.
FROM scratch
COPY slotstorm /slotstorm
USER 65532:65532
ENTRYPOINT ["/slotstorm"]
