"""Small changes of the rules that some test must notice: signs turned, terms dropped, off by one.

A line of the list is a text that stands once in the file, and what to put instead;
`tests/test_mutations.py` applies it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One change of one file."""

    file: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}: {self.before}  →  {self.after}"


LEDGER = [
    ("= coefficient[e, 0], start[s, 0]", "= -coefficient[e, 0], start[s, 0]"),
    ("= coefficient[e, 0 if shared else r], start", "= 1.0, start"),
    ("[levers, world.stock, at_war,", "[levers, 0.0 * world.stock, at_war,"),
    ("at_war = (world.war > 0) | hot(scenario, world)", "at_war = world.war > 0"),
    ("at_war = (world.war > 0) | hot(scenario, world)", "at_war = hot(scenario, world)"),
    ("world.value[lever] < theatres.hot_below[t]", "world.value[lever] <= theatres.hot_below[t]"),
    ("force[at] = -each * levers", "force[at] = each * levers"),
    ("force[rule.first] = -troops", "force[rule.first] = 0.0 * troops"),
    ("flat[row[first]] -= counted", "flat[row[first]] += counted"),
    ("levers[rule.share] - start[lever] * start[rule.share]", "levers[rule.share]"),
    ("0 if alike else r], 0)", "0 if alike else r] + 1, 0)"),
    ("settings[x, then] - settings[x, now]", "settings[x, now] - settings[x, then]"),
    ("c = coefficient[e, 0] / scale[k]", "c = coefficient[e, 0]"),
    ("out[k, m, r] += c * gap[m, r]", "out[k, m, r] += gap[m, r]"),
    ("np.maximum(out, 0.01, out=out)", "np.maximum(out, 0.0, out=out)"),
    ("ledger.force * scenario.rules.channel_forces", "1.0 * ledger.force"),
]
THEATRES = [
    ("return c / (c + d)", "return d / (c + d)"),
    ("return force * np.sqrt(force)", "return force * force"),
    ("(1.0 - power(s, curve))", "power(s, curve)"),
    ("1.0 - transactionalism * share * (", "1.0 - transactionalism * ("),
    (
        "s = np.minimum(1.0, np.maximum(paid_now, 0.0)",
        "s = np.minimum(9.0, np.maximum(paid_now, 0.0)",
    ),
    ("return credibility * with_patron +", "return credibility * without +"),
    (
        "gain = odds * prize - (1.0 - odds) * war_cost",
        "gain = odds * prize + (1.0 - odds) * war_cost",
    ),
    (
        "push = np.minimum(np.maximum(steepness * (gain - reference)",
        "push = np.minimum(np.maximum(steepness * (gain + reference)",
    ),
    ("return 1.0 - exp(-base * exp(push))", "return 1.0 - exp(-base * exp(-push))"),
    ("1.0 - odds[r] if side < 0", "1.0 - odds[r] if side > 0"),
    ("gain = odds * prize - (1.0 - odds) * cost", "gain = odds * prize + (1.0 - odds) * cost"),
    ("-stake * hazard * (share + (1.0 - share) * odds)", "-stake * hazard * odds"),
    ("p[r] = d[r] + max(p[r], FAINT)", "p[r] = d[r]"),
    (
        "base[t] *= NEUTRAL + world.hostility[actor, foe]",
        "base[t] *= NEUTRAL + world.hostility[foe, actor]",
    ),
    (
        "np.where(world.outcome < 0, scenario.theatres.calm, 1.0)",
        "np.where(world.outcome > 0, scenario.theatres.calm, 1.0)",
    ),
    ("trust[r] + more[r], 0.0)", "trust[r] - more[r], 0.0)"),
    ("(safe - before[r]) / scale", "(before[r] - safe) / scale"),
    (
        "base * (NEUTRAL + world.hostility[who, foe])",
        "base * (NEUTRAL + world.hostility[foe, who])",
    ),
    ("reference -= theatres.foresight * loss", "reference += theatres.foresight * loss"),
    (
        "np.where(world.outcome[t] > 0, 0.0, calm[t])",
        "np.where(world.outcome[t] < 0, 0.0, calm[t])",
    ),
    ("world.commitment[t] if who == NOBODY else world.credibility[who, t]", "world.commitment[t]"),
    ("forces - theatres.forces * gone", "forces + theatres.forces * gone"),
    ("(draws[:, 0] < hazard) & free, 1, 0)", "draws[:, 0] < hazard, 1, 0)"),
    ("resist = np.where(stands, NEUTRAL, 1.0)", "resist = np.where(stands, 1.0, NEUTRAL)"),
    ("odds * (1.0 - theatres.nuclear_risk) * resist", "odds * resist"),
    ("(draws[:, 1 + step] < climb)", "(draws[:, 2] < climb)"),
    ("tested = (rung >= CLASH)", "tested = (rung > CLASH)"),
    ("np.where(rung == WAR, length,", "np.where(rung == WAR, length - 1,"),
    ("np.where(fate < odds, 1, -1)", "np.where(fate > odds, 1, -1)"),
    ("2.0 * (1.0 - resolve[who, foe])", "2.0 * resolve[who, foe]"),
]
BELIEFS = [
    ("return good / max(good + bad, 1e-9)", "return bad / max(good + bad, 1e-9)"),
    ("evidence[j, p, r] * strong", "evidence[j, p, r]"),
    ("out[k, p, r] += like * evidence", "out[k, p, r] += evidence"),
    ("likeness[p, j, k, 0 if alike else r]", "likeness[k, j, p, 0 if alike else r]"),
    ("f[r] * now[i, j, r] + base + new", "f[r] * now[i, j, r] + new"),
    ("(1.0 - f) * (2.0 * rules.belief_prior)", "1.0 - f"),
    ("(seen[i, j, r] + out[i, j, r] + told)", "(seen[i, j, r] + out[i, j, r])"),
    ("world.broken, 1.0 - scenario.reliability,", "world.broken, scenario.reliability,"),
    ("world.bluffed, 1.0 - scenario.resolve,", "world.bluffed, scenario.resolve,"),
    ("if observer != about:", "if observer >= 0:"),
    ("if where[r] and i != NOBODY:", "if where[r]:"),
    (
        "commitment[theatre] += rules.commitment_speed *",
        "commitment[theatre] -= rules.commitment_speed *",
    ),
    (
        "np.where(crises.defended[theatre], 1.0, 0.0)",
        "np.where(crises.defended[theatre], 0.0, 1.0)",
    ),
    (
        "helps = -1.0 if ledger.side[e] == 0 else 1.0",
        "helps = 1.0 if ledger.side[e] == 0 else -1.0",
    ),
    ("ledger.coefficient[e] < 0.0)", "ledger.coefficient[e] > 0.0)"),
    ("target[r] += share /", "target[r] -= share /"),
    ("share / max(number[r if len(number) > 1 else 0], 1.0)", "share"),
]
POLITICS = [
    (
        "ratification_room(scenario, actor, support) - cost",
        "ratification_room(scenario, actor, support) + cost",
    ),
    (
        "scenario.ratify_support[actor] * (support - EVEN)",
        "scenario.ratify_support[actor] * support",
    ),
    (
        "rules.support_treasury * purse + rules.support_deal",
        "rules.support_treasury * purse - rules.support_deal",
    ),
    ("position[:, TREASURY] + position[:, HOME]", "position[:, TREASURY] - position[:, HOME]"),
    (
        "rally = np.where(crises.defended[t], RALLY, -1.0)",
        "rally = np.where(crises.defended[t], RALLY, 1.0)",
    ),
    ("np.nonzero(theatres.side[:, t] == DEFENDING)", "np.nonzero(theatres.side[:, t] != 0)"),
    (
        "rules.support_persistence * (world.support - EVEN)",
        "rules.support_persistence * world.support",
    ),
    ("changed = where & (winner != platform[actor])", "changed = where"),
    ("if actor == table.demander:", "if actor != table.demander:"),
]
BARGAINING = [
    ("speaker = (first + t) % 2", "speaker = (first + t + 1) % 2"),
    ("agreed = going & yes & open_", "agreed = going & yes & (made > 0)"),
    ("when = np.where(agreed, t, when)", "when = np.where(agreed, t + 1, when)"),
    ("return 1 - opener", "return opener"),
    ("agreed & ~overtaken & consent", "agreed & consent"),
    ("& consent & passed.all(axis=0)", "& passed.all(axis=0)"),
    ("passed.all(axis=0)", "passed.any(axis=0)"),
    ("overtaken[parts.game[world.moved[parts.lever, parts.run]]] = True", "pass"),
    ("passed[k] = draw[runs] < odds[k]", "passed[k] = draw[runs] > odds[k]"),
    ("draw[parts.run[mine]] < odds[mine]", "draw[parts.run[mine]] > odds[mine]"),
    (
        "settings[parts.lever, parts.after] - settings[parts.lever, parts.before]",
        "settings[parts.lever, parts.before] - settings[parts.lever, parts.after]",
    ),
    (
        "np.where(scenario.levers.owner[x] == a, b, a)",
        "np.where(scenario.levers.owner[x] == a, a, b)",
    ),
    ("world.quarter + scenario.levers.lead[x]", "world.quarter + scenario.levers.lead[x] + 1"),
    (
        "world.lock[x, at] = _end(world, table, at)",
        "world.lock[x, at] = _end(world, table, at) + 1",
    ),
    (
        "world.lock[x, at] = _end(world, table, at)",
        "world.lock[x, at] = _end(world, table, at) - 1",
    ),
    ("world.lock_with[x, at] = partner", "world.lock_with[x, at] = NOBODY"),
    ("world.before[x, at] = parts.before", "world.before[x, at] = parts.after"),
    ("world.secret[x, at] = table.secret", "world.secret[x, at] = False"),
    (
        "world.secret[x, at] = table.secret\n    world.moved[x, at] = True",
        "world.secret[x, at] = table.secret",
    ),
    ("if not table.secret:  # the public", "if table.secret:  # the public"),
    ("runs[signed]] += _gain(talks, k, signed)", "runs[signed]] -= _gain(talks, k, signed)"),
    ("account[e], runs] += rate * gap", "account[e], runs] -= rate * gap"),
    ("world.agreed[talks.table, runs] = paid(some_runs(table.credit, runs), value)", "pass"),
    ("world.opener[talks.table, runs] = NOBODY", "pass"),
    ("world.demand[talks.table, runs] = -np.inf", "pass"),
    ("world.closed[talks.table, runs] = _end(world, table, runs)", "pass"),
    ("world.announced[n, runs] = False", "pass"),
    ("new[parts.game[(parts.lever == x) & (parts.after < parts.before)]] = False", "pass"),
    ("world.ends[talks.table, at] = end[new]", "pass"),
    ("world.lock[lever, at] = end[new] - RENEWAL", "world.lock[lever, at] = end[new]"),
    ("made.take(~entry)", "made"),
]
TABLES = [
    ("steps > 0, levers.alone_up[lever]", "steps < 0, levers.alone_up[lever]"),
    (
        "~np.isin(levers.owner[lever], parties) | (~host & ~alone)",
        "~np.isin(levers.owner[lever], parties)",
    ),
    ("trust[r] if own[k, m, r] > 0.0 else 1.0", "trust[r] if own[k, m, r] < 0.0 else 1.0"),
    ("bound & ~view.known[actor].hidden[lever]", "bound & view.known[actor].hidden[lever]"),
    ("living = lock[x, r] > quarter", "living = lock[x, r] >= quarter"),
    ("np.where(pending, believed * believed, 0.0)", "np.where(pending, believed, 0.0)"),
    (
        "np.where(world.announced[n], believed, told)",
        "np.where(world.announced[n], told, believed)",
    ),
    ("change[SECURITY] -= view.private[n]", "change[SECURITY] += view.private[n]"),
    (
        "closed = world.closed[number] > world.quarter",
        "closed = world.closed[number] >= world.quarter",
    ),
    ("np.maximum(table.norm_levels - level, 0.0)", "np.maximum(table.norm_levels, 0.0)"),
    ("|= blocked[m, r] or locked[m, r]", "|= blocked[m, r]"),
    ("agreed[n, n_slots + b] *= consent[m, one]", "agreed[n, n_slots + b] = consent[m, one]"),
    (
        "asked = rounded_down(settings, standing) - known",
        "asked = rounded_down(settings, standing)",
    ),
    ("np.where(value <= demand, value, level)", "np.where(value < demand, value, level)"),
    ("attention[actor, t] * burning[t]", "attention[actor, t] * ~burning[t]"),
    (
        "world.quarter < world.distraction_end[actor]",
        "world.quarter <= world.distraction_end[actor]",
    ),
    ("each * gap[m, r] if each", "-each * gap[m, r] if each"),
    (
        "(abs(slot_steps[s]) <= step[x])",
        "(abs(slot_steps[s]) < step[x])",
    ),
]
RECKONING = [
    ("ties.alliance[k, ally] * ties.rivalry[k, rival]", "ties.alliance[k, ally]"),
    (
        "ties.alliance[k, ally] * ties.rivalry[k, rival]",
        "ties.alliance[k, rival] * ties.rivalry[k, ally]",
    ),
    ("(world.ends[n] <= now)\n        overtake", "(world.ends[n] < now)\n        overtake"),
    ("undated = (world.setting[x] > 0)", "undated = (world.setting[x] < 0)"),
    ("(world.ends[n] - RENEWAL <= now)", "(world.ends[n] - RENEWAL < now)"),
    ("np.where(free, np.minimum(world.closed[n], now), world.closed[n])", "world.closed[n]"),
    ("/ step[x], 1.0)", "/ step[x], 0.0)"),
    ("weight_broken[r] * stake", "weight_broken[r]"),
    ("gained[a, r] -= exit_cost", "gained[a, r] += exit_cost"),
    ("private_broke if hidden[x, r] else broke", "broke"),
    ("& (world.due > world.quarter)", "& False"),
    ("free = broken | _wronged(scenario, breaches, world.lock_with)", "free = broken"),
    ("if over and stepped[x]:", "if over:"),
    ("tally[2, r] += broken[x, r]", "tally[1, r] += broken[x, r]"),
    ("* trusted - loss[k, p, r]", "* trusted + loss[k, p, r]"),
    ("own[k, p, runs[r]] -= loss", "own[k, p, runs[r]] += loss"),
    ("log(now) + follow[rows]", "log(now) - follow[rows]"),
    ("in_effect, world.setting[rows], world.before[rows]", "in_effect, *[world.setting[rows]] * 2"),
    ("levers.spoil_odds[x] * np.maximum(units, 0.0)", "levers.spoil_odds[x] * np.ones(world.runs)"),
    ("(draw < odds) & (world.setting[other] > to)", "draw < odds"),
    ("(1.0 - scenario.stock_decay) * world.stock", "(1.0 + scenario.stock_decay) * world.stock"),
    ("scenario.inflow[n] * (sources[x] - base)", "scenario.inflow[n] * sources[x]"),
    (
        "relation[b, a] += rules.relation_gain * gain",
        "relation[b, a] -= rules.relation_gain * gain",
    ),
    ("out[a, r] += weights[a, k, r] * value", "out[a, r] -= weights[a, k, r] * value"),
    ("position = (accounts[a, k, r] - reference", "position = (accounts[a, k, r] + reference"),
    (
        "world.reference + scenario.rules.reference_speed",
        "world.reference - scenario.rules.reference_speed",
    ),
]
UTILITY = [
    ("return phi if x >= 0.0 else loss_aversion * phi", "return phi"),
    ("return -0.5 * x * x", "return 0.5 * x * x"),
    ("(1.0 - goals.transactionalism) * goals", "goals.transactionalism * goals"),
    ("annuity = (1.0 - whole_power(d, term))", "annuity = (1.0 + whole_power(d, term))"),
    ("life = d / (1.0 - customs", "life = 1.0 / (1.0 - customs"),
    ("noisy = sharpness[r] * score[o, r] + gumbel[o, r]", "noisy = sharpness[r] * score[o, r]"),
    ("(not blocked[o, r]) and noisy > best[r]", "noisy > best[r]"),
]
TALKS = [
    ("refusal[r] = (1.0 - me[2][1, r]) * menace_odds * hurt", "refusal[r] = menace_odds * hurt"),
    (
        "passage[i] * (mine[i] + relation - refusal[r])",
        "passage[i] * (mine[i] + relation + refusal[r])",
    ),
    ("min(max(yours[i], 0.0), 1.0) - bonds[2, r]", "min(max(yours[i], 0.0), 1.0) + bonds[2, r]"),
    ("passage[i] * min(plain[i], theirs[i])", "passage[i] * max(plain[i], theirs[i])"),
    ("= 1.0 if slack[i] >= -TIE else 0.0", "= 1.0 if slack[i] > TIE else 0.0"),
    ("0.5 + slack[i] * (0.5 / width)", "0.5 - slack[i] * (0.5 / width)"),
    ("slack[i] = logistic1(slack[i] / width)", "slack[i] = logistic1(slack[i] * width)"),
    ("speak = opens == (t % 2 == 0)", "speak = opens == (t % 2 == 1)"),
    ("wait + accepted[c] * (gain[c] - wait)", "accepted[c] * gain[c]"),
    ("if elsewhere > floor:", "if elsewhere < floor:"),
    ("slack = (room - cost) / spread", "slack = (room + cost) / spread"),
    ("out[i] *= votes[i]", "out[i] = votes[i]"),
    ("possible[i] = total[i] >= required[r] - TIE", "possible[i] = True"),
]
MUTATIONS = [
    Mutation(file, *change)
    for file, changes in {
        "model/ledger.py": LEDGER,
        "model/theatres.py": THEATRES,
        "model/beliefs.py": BELIEFS,
        "model/politics.py": POLITICS,
        "model/bargaining.py": BARGAINING,
        "model/tables.py": TABLES,
        "model/reckoning.py": RECKONING,
        "agents/utility.py": UTILITY,
        "agents/talks.py": TALKS,
    }.items()
    for change in changes
]
