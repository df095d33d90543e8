"""The staff console's pages about crawling: sources, their runs, and hosts that are never visited."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import signed_in, staff
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState
from crawler import blocking, health, roster, sources, volume
from crawler.blocking import NotAccepted
from crawler.forms import BlockForm, NameSourceForm, PlanForm, initial
from crawler.models import BlockedHost, CrawlRun, Source
from crawler.roster import Choice
from crawler.states import RunState, SourceState

_PER_PAGE = 50
_RUNS_PER_PAGE = 20
_FASTER = "Somebody else was faster. Here it is as it stands now."
_NOT_NOW = "It is being crawled already, or was asked for a moment ago."


# --- Sources -------------------------------------------------------------------------------------------------


@staff
@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source. Search, filters, sorting and page are in the URL."""
    choice = _choice(request)
    counts = roster.counts()
    page = Paginator(roster.select(choice), _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "choice": choice,
        "counts": counts,
        "summary": roster.summary(counts),
        "kinds": Source.Kind.choices,
        "states": roster.STATES.items(),
        "troubles": roster.TROUBLES.items(),
        "heads": roster.heads(choice.sort),
        "page": page,
        "rows": roster.rows(list(page.object_list)),
        "volume": volume.by_day(),
    }
    return render(request, "crawler/sources.html", context)


def _choice(request: HttpRequest) -> Choice:
    asked = request.GET
    return Choice(
        search=asked.get("q", "").strip()[:200],
        state=asked.get("state", ""),
        kind=asked.get("kind", ""),
        trouble=asked.get("trouble", ""),
        sort=asked.get("sort", roster.DEFAULT_SORT),
    )


@staff
@require_http_methods(["GET", "POST"])
def source_new(request: HttpRequest) -> HttpResponse:
    """Name a source. Nothing is requested by it."""
    form = NameSourceForm(request.POST if request.method == "POST" else None)
    twin = None
    if form.is_valid():
        try:
            source = sources.name_source(form.start(), form.kind, form.plan(), signed_in(request))
        except NotAccepted as problem:
            form.add_error("seeds" if form.kind == Source.Kind.URLS else "url", problem.sentence)
            twin = problem.source
        else:
            messages.success(request, "Named. Nothing was requested yet.")
            return redirect("crawler:source", source.pk)
    context = {"form": form, "twin": twin}
    return render(request, "crawler/source_new.html", context, status=422 if form.errors else 200)


@staff
@require_http_methods(["GET", "POST"])
def source_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change how a source is crawled; what it is and where it starts stay."""
    source = get_object_or_404(Source, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = PlanForm(data, kind=source.kind, initial=initial(source))
    twin = None
    if form.is_valid():
        try:
            sources.change_plan(source, form.plan(), signed_in(request))
        except NotAccepted as problem:
            form.add_error("seeds", problem.sentence)
            twin = problem.source
        else:
            messages.success(request, "Saved. It holds from the next run.")
            return redirect("crawler:source", source.pk)
    context = {"form": form, "source": source, "twin": twin}
    return render(request, "crawler/source_edit.html", context, status=422 if form.errors else 200)


@staff
@require_GET
def source(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One source: what it is, why, how it is crawled and how that goes."""
    found = get_object_or_404(Source.objects.select_related("named_by"), pk=pk)
    page = Paginator(found.runs.order_by("-started_at", "-id"), _RUNS_PER_PAGE).get_page(request.GET.get("page"))
    runs = list(page.object_list)
    last = runs[0] if runs and page.number == 1 else found.runs.order_by("-started_at", "-id").first()
    blocked = blocking.blocking(blocking.host_of(found)) if found.host else None
    known = health.known(found)
    context = {
        "source": found,
        "last": last,
        "mark": health.source_mark(found, last, blocked=blocked is not None),
        "blocked": blocked,
        "running": last is not None and health.is_alive(last),
        "active": found.state == SourceState.ACTIVE,
        "every": health.every(found.every),
        "known": known,
        "spells": _spells(known),
        "troubles": health.troubles(last),
        "page": page,
        "runs": [(run, health.run_mark(run), sum(run.errors.values())) for run in runs],
        "block_form": BlockForm(auto_id="block-%s"),
        "block_host": blocking.host_of(found) if found.host else "",
    }
    return render(request, "crawler/source.html", context)


def _spells(known: health.Known) -> dict[str, str]:
    """How far apart visits to its pages are, in words; empty before any page was read twice."""
    if known.shortest is None or known.usual is None or known.longest is None:
        return {}
    return {name: health.spell(getattr(known, name)) for name in ("shortest", "usual", "longest")}


def _act(
    request: HttpRequest, target: Source | CrawlRun, act: Callable[[User], None], done: str, route: str
) -> HttpResponse:
    """Do what was asked, say in a toast what came of it, and go back to the page about `target`."""
    try:
        act(signed_in(request))
        messages.success(request, done)
    except NotAccepted as problem:
        messages.error(request, problem.sentence)
    except (IllegalTransition, StaleState):
        messages.warning(request, _FASTER)
    return redirect(route, target.pk)


@staff
@require_POST
def source_crawl(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have a worker crawl it as soon as one is free."""
    found = get_object_or_404(Source, pk=pk)

    def crawl(user: User) -> None:
        if not sources.ask_crawl(found, user):
            raise NotAccepted(_NOT_NOW)

    return _act(request, found, crawl, "It is crawled as soon as a worker is free.", "crawler:source")


@staff
@require_POST
def source_pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Crawl it no more until somebody resumes it."""
    found = get_object_or_404(Source, pk=pk)
    done = "Paused. It is not crawled until somebody resumes it."
    return _act(request, found, lambda user: sources.pause(found, user), done, "crawler:source")


@staff
@require_POST
def source_resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let it be crawled again."""
    found = get_object_or_404(Source, pk=pk)
    done = "Resumed. It is crawled when it is next due."
    return _act(request, found, lambda user: sources.resume(found, user), done, "crawler:source")


# --- Runs ----------------------------------------------------------------------------------------------------


@staff
@require_GET
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How a run goes. The page asks for its numbers every two seconds while the run lives.

    What may be done depends on how it stands: when that changes, the whole page is loaded anew.
    """
    found = get_object_or_404(CrawlRun.objects.select_related("source"), pk=pk)
    standing = f"{found.state}.{found.wish}.{int(health.is_alive(found))}"
    partial = bool(request.headers.get("HX-Request")) and "seen" in request.GET
    if partial and request.GET["seen"] != standing:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    context = {**_run_context(found), "standing": standing}
    answer = render(request, f"crawler/{'run_live' if partial else 'run'}.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _run_context(found: CrawlRun) -> dict[str, object]:
    alive = health.is_alive(found)
    source_runs = found.source.state == SourceState.ACTIVE
    return {
        "run": found,
        "source": found.source,
        "mark": health.run_mark(found),
        "alive": alive,
        "silent": health.is_silent(found),
        "troubles": health.troubles(found),
        "error_count": sum(found.errors.values()),
        "known_pages": found.pages + found.waiting,
        "about": _rounded(found.pages),
        "may_pause": alive and found.wish == CrawlRun.Wish.NONE,
        "may_resume": source_runs and found.state == RunState.PAUSED,
        "may_go_on": source_runs and found.state == RunState.INTERRUPTED,
        "may_stop": found.state in (RunState.RUNNING, RunState.PAUSED) and found.wish != CrawlRun.Wish.STOP,
    }


def _rounded(number: int) -> int:
    """To one leading digit: what is read aloud must not change every two seconds."""
    size = int(10 ** (len(str(number)) - 1))
    return number // size * size


@staff
@require_POST
def run_pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have it wait."""
    found = get_object_or_404(CrawlRun.objects.select_related("source"), pk=pk)
    done = "It pauses in a few seconds, and keeps what is left to do."
    return _act(request, found, lambda user: sources.ask_pause(found, user), done, "crawler:run")


@staff
@require_POST
def run_resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have it go on; after an interruption a new run goes on with what is left."""
    found = get_object_or_404(CrawlRun.objects.select_related("source"), pk=pk)

    def resume(user: User) -> None:
        if not sources.resume_run(found, user):
            raise NotAccepted(_NOT_NOW)

    return _act(request, found, resume, "It goes on as soon as a worker is free.", "crawler:run")


@staff
@require_POST
def run_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End it; a later run goes on with what is left."""
    found = get_object_or_404(CrawlRun.objects.select_related("source"), pk=pk)
    done = "It stops. A later run goes on with what is left."
    return _act(request, found, lambda user: sources.ask_stop(found, user), done, "crawler:run")


# --- Blocked hosts -------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "POST"])
def blocked(request: HttpRequest) -> HttpResponse:
    """The hosts that are never visited; one more, with the reason."""
    form = BlockForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        entry = sources.block_host(form.cleaned_data["host"], form.cleaned_data["reason"], signed_in(request))
        messages.success(request, f"{entry.host} is blocked. Its sources are paused.")
        return redirect("crawler:blocked")
    search = request.GET.get("q", "").strip()[:200]
    found = BlockedHost.objects.select_related("blocked_by").order_by("host")
    page = Paginator(found.filter(host__icontains=search) if search else found, _PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"form": form, "page": page, "search": search}
    return render(request, "crawler/blocked.html", context, status=422 if form.errors else 200)


@staff
@require_POST
def unblock(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a host off the list."""
    entry = get_object_or_404(BlockedHost, pk=pk)
    sources.unblock_host(entry.host, signed_in(request))
    messages.success(
        request, f"{entry.host} may be visited again. Its sources stay paused until somebody resumes them."
    )
    return redirect("crawler:blocked")
