"""Pages for afterwards and around the game: the debrief, handouts, paper orders, the export."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from runs.seminar import debrief, forks, handouts, views
from runs.seminar.deal_words import condition_words
from runs.seminar.live import Live
from runs.seminar.pictures import strip_svg
from runs.seminar.session import OPEN, WHITE, Version
from runs.seminar.words import Translate, setting_words

if TYPE_CHECKING:
    from runs.seminar.web import Site, Who

SEE_OTHER, NOT_YET, FORBIDDEN, NOWHERE = 303, 409, 403, 404
MOST_JOBS = 12  # of a debrief, the oldest go


class Aftermath:
    """These pages, and what is being calculated for them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.jobs: list[forks.Job] = []
        self._kept: dict[tuple[int, str], dict[str, Any]] = {}
        self.numbers = {"forks": forks.CONTINUATIONS, "batch": forks.BATCH}

    def paper(self, request: Request) -> Response:
        """Show the order form of any team to the white cell, to enter what came on paper."""
        who, live = self.site.who(request), self.site.live
        seat = request.path_params["seat"]
        if who.seat != WHITE or seat not in live.session.held or live.session.phase != OPEN:
            return RedirectResponse("/", SEE_OTHER)
        with live.lock:
            form = views.order_form(live, seat, live.middle(), who.t)
        return self.site.page(
            request,
            who,
            "paper.html",
            form=form,
            seat=seat,
            name=who.t(live.game.file.actors[seat].name),
            draft=live.session.drafts.get(seat),
        )

    def export(self, request: Request) -> Response:
        """Hand out the whole seminar as one zip."""
        from runs.seminar.export import bundle

        who, live = self.site.who(request), self.site.live
        if who.seat != WHITE or not live.session.turns:
            return RedirectResponse("/", SEE_OTHER)
        with live.lock:
            content = bundle(live, who.t, anonymous="anonymous" in request.query_params)
        name = f"seminar-{live.session.scenario}-{live.session.id}.zip"
        shown = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/zip", headers=shown)

    def _may(self, who: Who) -> bool:
        s = self.site.live.session
        return bool(s.turns) and (who.seat == WHITE or (bool(who.seat) and s.debrief))

    def debrief(self, request: Request) -> Response:
        """Show the debrief, to the white cell at any time, to teams once it is open."""
        who, live = self.site.who(request), self.site.live
        if not self._may(who):
            words = (
                "The debrief is not open yet."
                if live.session.turns
                else ("There is a debrief once a turn has been published.")
            )
            return self.site.page(request, who, "problem.html", NOT_YET, problem=who.t(words))
        with live.lock:
            shown = self._whole(who)
            versions = [
                _version(live, v, who.t)
                for v in live.session.deals.values()
                if v.turn <= len(live.session.turns) and v.status != "signed"
            ]
            jobs = [self._told(n, job, who.t) for n, job in enumerate(self.jobs)]
        return self.site.page(
            request,
            who,
            "debrief.html",
            d=shown,
            versions=versions,
            jobs=list(reversed(jobs)),
            games=self.numbers,
        )

    def _whole(self, who: Who) -> dict[str, Any]:
        """Return the debrief, calculated anew when something has happened since."""
        key = (self.site.live.session.last, who.language)
        if key not in self._kept:
            self._kept = {key: debrief.whole(self.site.live, who.t)}
        return self._kept[key]

    def job(self, request: Request) -> Response:
        """Say how far a calculation is."""
        number = request.path_params["number"]
        if not self._may(self.site.who(request)) or not 0 <= number < len(self.jobs):
            return JSONResponse({"share": 1.0, "over": True}, NOWHERE)
        job = self.jobs[number]
        return JSONResponse({"share": job.done[0], "over": bool(job.took)})

    async def begin(self, request: Request) -> Response:
        """Begin to calculate: a fork, or luck against choice."""
        who, form = self.site.who(request), await request.form()
        live = self.site.live
        if not self._may(who):
            return self.site.refuse(request, who, who.t("The debrief is not open yet."), FORBIDDEN)
        if form.get("csrf") != self.site.keys.csrf(who.token):
            words = "This page is too old. Load it again; nothing was changed."
            return self.site.refuse(request, who, who.t(words), FORBIDDEN)
        if any(not job.took for job in self.jobs):
            words = "Games are being played already; wait for them."
            return self.site.refuse(request, who, who.t(words))
        what = request.path_params["what"]
        if what == "luck":
            games = self.numbers["batch"]
            self.jobs = [j for j in self.jobs if j.kind != "luck"]
            self.jobs.append(forks.start("luck", "", lambda p: forks.luck(live, games, p)))
        else:
            version = live.session.deals.get(str(form.get("version", "")))
            if version is None or version.turn > len(live.session.turns):
                words = "That deal is not on the table any more. Look at the latest version."
                return self.site.refuse(request, who, who.t(words))
            games = self.numbers["forks"]
            work = partial(forks.what_if, live, version, games)
            self.jobs.append(forks.start("fork", version.id, work))
        self.jobs = self.jobs[-MOST_JOBS:]
        return self.site.done(request, f"/debrief#{'luck' if what == 'luck' else 'whatif'}")

    def _told(self, number: int, job: forks.Job, t: Translate) -> dict[str, Any]:
        version = self.site.live.session.deals.get(job.version)
        title = ""
        if version is not None:
            turn = t("turn {n}", n=version.turn)
            title = f"{turn} · {_version(self.site.live, version, t)['words']}"
        told: dict[str, Any] = {
            "number": number,
            "kind": job.kind,
            "title": title,
            "share": job.done[0],
            "over": bool(job.took),
            "problem": job.problem[0] if job.problem else "",
            "games": 0,
            "took": f"{job.took[0]:.0f}" if job.took else "",
            "svg": "",
            "legend": "",
            "rows": [],
            "head": [],
            "notes": [],
            "sections": [],
        }
        if job.result:
            arms = job.result[0]
            told |= (self._luck if job.kind == "luck" else self._forked)(arms, t)
            told["games"] = sum(arm.utility.shape[1] for arm in arms.values())
        return told

    def _luck(self, arms: Mapping[str, forks.Arm], t: Translate) -> dict[str, Any]:
        live = self.site.live
        same, alone = arms["same orders"], arms["doctrines"]
        actors = live.game.game.scenario.actors
        rows, bands = [], []
        for n, a in enumerate(actors):
            value, name = debrief.mean_utility(live, n), t(live.game.file.actors[a].name)
            bands.append((name, same.utility[n], value, alone.utility[n]))
            rows.append(
                (
                    f"{name} ●" if live.session.held[a] == "people" else name,
                    t(live.game.doctrines[a].replace("_", " ")),
                    debrief.figure(value),
                    debrief.figure(float(np.median(same.utility[n]))),
                    debrief.figure(float(np.median(alone.utility[n]))),
                    f"{forks.percentile(same.utility[n], value)}",
                    f"{forks.percentile(alone.utility[n], value)}",
                )
            )
        head = (
            "Office",
            "its doctrine",
            "this class",
            "same orders, middle game",
            "doctrines, middle game",
            "percentile among the same orders",
            "percentile among doctrines",
        )
        legend = t(
            "Blue: the orders of this class under other draws, 10 to 90 % of the games. Orange:"
            " doctrines in all seats. Diamond: this class."
        )
        return {
            "svg": strip_svg(bands, t),
            "rows": rows,
            "head": [t(h) for h in head],
            "legend": legend,
            "notes": [t(x) for x in debrief.PERCENTILES],
            "sections": self._sections(alone, t),
        }

    def _sections(self, alone: forks.Arm, t: Translate) -> list[tuple[str, ...]]:
        """Return the percentile of each section among the same games of doctrines, by office."""
        live = self.site.live
        actors = live.game.game.scenario.actors
        here = {a: debrief.mean_utility(live, n) for n, a in enumerate(actors)}
        turns = len(live.session.turns)
        rows: list[dict[str, Any]] = [
            {"name": t("this class"), "problem": "", "turns": turns, "values": here}
        ]
        rows += debrief.sections(live, t)
        if len(rows) == 1:
            return []
        out: list[tuple[str, ...]] = [
            (t("Section"), *(t(live.game.file.actors[a].name) for a in actors))
        ]
        for row in rows:
            fits = not row["problem"] and row["turns"] == turns
            out.append(
                (
                    row["name"],
                    *(
                        f"{forks.percentile(alone.utility[n], row['values'][a])}"
                        if fits and a in row["values"]
                        else "–"
                        for n, a in enumerate(actors)
                    ),
                )
            )
        return out

    def _forked(self, arms: Mapping[str, forks.Arm], t: Translate) -> dict[str, Any]:
        live = self.site.live
        actors = live.game.game.scenario.actors
        was, then = arms.values()
        bands = [
            (t(live.game.file.actors[a].name), was.utility[n], None, then.utility[n])
            for n, a in enumerate(actors)
        ]
        rows = []
        for n, a in enumerate(actors):
            gap = forks.difference(arms, lambda arm, n=n: arm.utility[n])  # type: ignore[misc]
            rows.append((t(live.game.file.actors[a].name), *_interval(gap)))
        for s in was.series:
            gap = forks.difference(arms, lambda arm, s=s: arm.series[s])  # type: ignore[misc]
            rule = live.game.file.series[s]
            rows.append((f"{t(rule.name)} ({t(rule.unit)})", *_interval(gap)))
        head = ("What changes", "mean difference", "90 % interval of the mean")
        legend = t(
            "Blue: as it was. Orange: what if. 10 to 90 % of the games; line: the middle game."
        )
        return {
            "svg": strip_svg(bands, t),
            "rows": rows,
            "head": [t(h) for h in head],
            "legend": legend,
        }

    def handout_list(self, request: Request) -> Response:
        """List the handouts."""
        who = self.site.who(request)
        if who.seat != WHITE:
            return RedirectResponse("/", SEE_OTHER)
        return self.site.page(
            request, who, "handouts.html", found=handouts.titles(self.site.live, who.t)
        )

    def handout(self, request: Request) -> Response:
        """Show a handout as a page or a PDF."""
        who = self.site.who(request)
        name, form = request.path_params["name"], request.path_params["form"]
        if who.seat != WHITE or (name not in handouts.NAMES and not name.startswith("role-")):
            return RedirectResponse("/", SEE_OTHER)
        try:
            title, body = handouts.handout(self.site.live, name, who.language, who.t)
        except KeyError:
            return RedirectResponse("/handouts", SEE_OTHER)
        if form == "pdf":
            from runs.seminar.paper import pdf_of

            content = pdf_of(body, title, handouts.notice(who.t))
            shown = {"Content-Disposition": f'inline; filename="{name}-{who.language}.pdf"'}
            return Response(content, media_type="application/pdf", headers=shown)
        return self.site.page(request, who, "handout.html", heading=title, body=body, handout=name)


def _interval(gap: tuple[float, float, float]) -> tuple[str, str]:
    mean, low, high = (debrief.figure(x) for x in gap)
    return mean, f"{low} … {high}"


def _version(live: Live, v: Version, t: Translate) -> dict[str, Any]:
    said = [
        f"{t(live.forms.lever_name(x))} → {setting_words(t, live.forms.setting(x, y))}"
        for x, y in v.moves.items()
    ]
    if v.condition:
        said.append(f"{t('Only if')} {condition_words(live, v.condition, t)}")
    parties = ", ".join(t(live.game.file.actors[p].name) for p in v.parties)
    return {"id": v.id, "turn": v.turn, "words": f"{parties}: {'; '.join(said)}"}


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of these pages."""
    pages = Aftermath(site)
    return [
        Route("/paper/{seat}", pages.paper),
        Route("/export.zip", pages.export),
        Route("/debrief", pages.debrief),
        Route("/debrief/job/{number:int}", pages.job),
        Route("/debrief/{what}", pages.begin, methods=["POST"]),
        Route("/handouts", pages.handout_list),
        Route("/handouts/{name}.{form}", pages.handout),
    ]
