"""The operators' own REST API: people and their tools, with named tokens and roles, described by OpenAPI.

It is an application of its own, mounted at /api by `hub.app`: no OCPI request passes through any of it.

How a resource is written: a file in `hub/operator/resources` with one `Section`, named in the literal table
SECTIONS there; each operation has a row in `hub.operator.roles.PERMISSIONS`, or the program does not start.

    section = Section("widgets", "What widgets are for.")

    class Widget(Schema):                      # marshmallow, with the fields of `hub.operator.fields`
        id = fields.Integer(required=True)
        price = Money()                        # money: a string beside its currency
        since = Instant()                      # given as microseconds, answered as RFC 3339 in UTC

    @section.get("/widgets", "list", query=WidgetQuery, answers=listed(Widget))
    def list_(call: Call) -> Listing:          # a SELECT; the frame pages, sorts and counts it
        wanted = [widgets.c.owner == call.only.code] if call.only else []  # whose user is bound to one party
        return Listing(select(widgets).where(*wanted), told, widgets.c.id, {"id": widgets.c.id})

    @section.get("/widgets/<int(max=ID):widget_id>", "show", answers=Widget)
    def show(call: Call, widget_id: int) -> Json:                        # what it returns has an ETag
        return told(known(call, widget_id))    # `raise NotFound(...)` also for what is another party's

    @section.patch("/widgets/<int(max=ID):widget_id>", "change", takes=Changes, answers=Widget, current=show)
    def change(call: Call, widget_id: int) -> Json:                      # If-Match is demanded and checked
        before = show(call, widget_id)
        ...
        call.record("change", f"widget/{widget_id}", before, after)      # the audit trail: last of all
        return show(call, widget_id)

    @section.post("/widgets", "create", takes=New, answers=Widget, status=201)
    def create(call: Call) -> Json: ...        # Idempotency-Key is heeded by the frame

    @section.post("/widgets/weigh", "weigh", takes=New, answers=Weight, asks=True)
    def weigh(call: Call) -> Json: ...         # changes nothing: `call.unit` only reads

    @section.get("/widgets/file", "file", sends=("text/csv",))
    def file(call: Call) -> Download: ...      # of `hub.operator.sending`: bytes, as they are

A view is called in one transaction (`call.unit`; GET: one that only reads), with what was sent already read
strictly and checked against its schema (`call.query`, `call.body`; `reason` of a body is `call.reason`).
Whatever is wrong is a class of `hub.operator.problems`, raised where it is known; exceptions of other rooms
are translated by the table in `hub.operator.refusals`. Long work is a job: `return call.submit(kind, input)`
with `status=202, answers=Job`; what it does is a row in `hub.operator.kinds.KINDS`.
"""
