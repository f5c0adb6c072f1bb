//! The latencies of the requests: for each target, the distribution of each route on a logarithmic axis, and a table.

use std::time::Duration;

use maud::{Markup, html};

use crate::report::html::format::{count, milliseconds, number, round, scrolling};
use crate::report::run::RunRecord;
use crate::request::route;
use crate::settings::TARGETS;
use crate::toolkit::deployed::latency::{PERCENTILES, milliseconds as in_milliseconds, percentile};

/// The number of bars of a distribution.
const BINS: u32 = 90;

/// The width of the names of the routes, in pixels.
const NAMES_WIDTH: f64 = 156.0;

/// The width of the axis, in pixels.
const AXIS_WIDTH: f64 = 690.0;

/// The space at the right for the label of a marker, in pixels.
const RIGHT: f64 = 110.0;

/// The height of the labels of a route, in pixels.
const LABELS_HEIGHT: f64 = 42.0;

/// The height of the distribution of a route, in pixels.
const BARS_HEIGHT: f64 = 40.0;

/// The height of a route with its labels, in pixels.
const ROUTE_HEIGHT: f64 = LABELS_HEIGHT + BARS_HEIGHT + 16.0;

/// The sorted latencies of a route.
struct Route<'a> {
    name: &'static str,
    sorted: &'a [Duration],
}

/// The range of a logarithmic axis, from one of its ticks to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    first: Tick,
    last: Tick,
}

/// A tick at 1, 2 or 5 times a power of ten of milliseconds: the number of such steps from 1 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tick(i32);

/// Returns the section with the latencies.
pub(super) fn section(record: &RunRecord) -> Markup {
    let latencies = record.latencies.iter().filter(|(_, all)| !all.is_empty());
    let mut targets = Vec::<(&str, Vec<Route>)>::new();
    for ((target, name), sorted) in latencies {
        let route = Route { name, sorted };
        match targets.iter_mut().find(|(name, _)| name == target) {
            Some((_, routes)) => routes.push(route),
            None => targets.push((target, vec![route])),
        }
    }
    targets.sort_by_key(|(target, _)| TARGETS.iter().position(|name| name == target));
    for (_, routes) in &mut targets {
        routes.sort_by_key(|route| {
            let position = route::ALL.iter().position(|name| *name == route.name);
            position.unwrap_or(usize::MAX)
        });
    }
    html! {
        section #latency aria-labelledby="latency-heading" {
            h2 #latency-heading { "Latency" }
            @if targets.is_empty() { p { "No latency was recorded." } }
            @for (index, (target, routes)) in targets.iter().enumerate() { (of_target(index, target, routes)) }
        }
    }
}

fn of_target(index: usize, target: &str, routes: &[Route]) -> Markup {
    let title = format!("Latency of each route on {target}, on a logarithmic axis in milliseconds");
    html! {
        h3 { (target) }
        @if target != "deployed" {
            p.note {
                "The tests run in parallel on the machine of the tests, and some of them make the table slow, so compare "
                "the routes only with each other."
            }
        }
        figure { (scrolling(&title, &plot(&format!("latency-{index}"), &title, routes))) }
        (scrolling(&format!("Latencies on {target}"), &table(routes)))
    }
}

fn table(routes: &[Route]) -> Markup {
    html! {
        table.latencies {
            caption.visually-hidden { "Latencies in milliseconds" }
            thead {
                tr {
                    th scope="col" { "Route" }
                    th.figure scope="col" { "Requests" }
                    @for percent in PERCENTILES { th.figure scope="col" { "p" (percent) " (ms)" } }
                    th.figure scope="col" { "Maximum (ms)" }
                }
            }
            tbody {
                @for Route { name, sorted } in routes {
                    tr {
                        th scope="row" { code { (name) } }
                        td.figure { (number(sorted.len())) }
                        @for percent in PERCENTILES { td.figure { (shown(percentile(sorted, percent))) } }
                        td.figure { (shown(sorted.last().copied())) }
                    }
                }
            }
        }
    }
}

fn shown(latency: Option<Duration>) -> String {
    latency.map_or(String::new(), |latency| {
        milliseconds(in_milliseconds(latency))
    })
}

fn plot(id: &str, title: &str, routes: &[Route]) -> Markup {
    let axis = Axis::of(routes);
    let height = f64::from(u32::try_from(routes.len()).unwrap_or(u32::MAX)) * ROUTE_HEIGHT;
    let (width, total) = (NAMES_WIDTH + AXIS_WIDTH + RIGHT, height + 40.0);
    html! {
        svg.latencies role="img" aria-labelledby={ (id) "-title" } width=(width) height=(total)
            viewBox={ "0 0 " (width) " " (total) } font-size="12" {
            title id={ (id) "-title" } { (title) }
            @for (label, position) in axis.ticks() {
                line.grid x1=(round(position)) x2=(round(position)) y1="0" y2=(height + 4.0) {}
                @if let Some(label) = label {
                    text.axis x=(round(position)) y=(height + 18.0) text-anchor="middle" { (label) }
                }
            }
            text.axis x=(NAMES_WIDTH + AXIS_WIDTH + 26.0) y=(height + 18.0) { "ms (log)" }
            @for (row, route) in (0_u32..).zip(routes) { (distribution(route, axis, f64::from(row) * ROUTE_HEIGHT)) }
        }
    }
}

fn distribution(Route { name, sorted }: &Route, axis: Axis, top: f64) -> Markup {
    let bins = axis.bins(sorted);
    let highest = bins.iter().copied().max().unwrap_or(1).max(1);
    let base = top + LABELS_HEIGHT + BARS_HEIGHT;
    let bin_width = AXIS_WIDTH / f64::from(BINS);
    html! {
        text.route x="12" y=(base - BARS_HEIGHT / 2.0) dy="-0.2em" { (name) }
        text.axis x="12" y=(base - BARS_HEIGHT / 2.0) dy="1.1em" { (count(sorted.len(), "request")) }
        line.base x1=(NAMES_WIDTH) x2=(NAMES_WIDTH + AXIS_WIDTH) y1=(base) y2=(base) {}
        @for (bin, count) in (0_u32..).zip(&bins).filter(|(_, count)| **count > 0) {
            // A bar has the area of its count only in relation to the bars of its route; the smallest one is visible.
            @let height = (f64::from(*count) / f64::from(highest) * BARS_HEIGHT).max(1.5);
            rect.density x=(round(NAMES_WIDTH + f64::from(bin) * bin_width)) y=(round(base - height))
                width=(round(bin_width - 0.6)) height=(round(height)) {
                @let middle = milliseconds(axis.milliseconds(f64::from(bin) + 0.5));
                title { (number(*count)) " of " (number(sorted.len())) " around " (middle) " ms" }
            }
        }
        // The first label is the highest, so no line of a later marker crosses it.
        @for (row, percent) in (0_u32..).zip(PERCENTILES) {
            @if let Some(latency) = percentile(sorted, percent) {
                @let x = axis.position(in_milliseconds(latency));
                @let y = top + 12.0 + f64::from(row) * 14.0;
                line class={ "marker p" (percent) } x1=(round(x)) x2=(round(x)) y1=(y - 9.0) y2=(base + 4.0) {}
                text.marker x=(round(x + 5.0)) y=(y) { tspan.name { "p" (percent) } " " (shown(Some(latency))) }
            }
        }
    }
}

impl Axis {
    /// Returns the axis from the tick below the shortest latency to the one above the longest.
    fn of(routes: &[Route]) -> Self {
        let ends = routes
            .iter()
            .flat_map(|route| [route.sorted.first(), route.sorted.last()]);
        let ends = ends.flatten().map(|latency| in_milliseconds(*latency));
        let (low, high) = ends.fold((f64::MAX, 0.0), |(low, high), latency| {
            (latency.min(low), latency.max(high))
        });
        let mut ticks = Tick::all();
        let last = ticks.find(|tick| tick.milliseconds() >= high);
        let last = last.unwrap_or(Tick::LAST);
        let below = Tick::all().take_while(|tick| *tick < last);
        let below =
            below.take_while(|tick| tick.milliseconds() <= low.max(Tick::FIRST.milliseconds()));
        Self {
            first: below.last().unwrap_or(Tick(last.0 - 1)),
            last,
        }
    }

    /// Returns the position of a latency on the axis.
    fn position(self, milliseconds: f64) -> f64 {
        let (first, last) = self.powers();
        let power = milliseconds.max(f64::MIN_POSITIVE).log10();
        let fraction = (power - first) / (last - first);
        NAMES_WIDTH + fraction.clamp(0.0, 1.0) * AXIS_WIDTH
    }

    /// Returns the powers of ten at which the axis begins and ends.
    fn powers(self) -> (f64, f64) {
        (
            self.first.milliseconds().log10(),
            self.last.milliseconds().log10(),
        )
    }

    /// Returns the latency at this number of bars from the start of the axis.
    fn milliseconds(self, bars: f64) -> f64 {
        let (first, last) = self.powers();
        10_f64.powf(first + bars / f64::from(BINS) * (last - first))
    }

    /// Returns the number of latencies in each bar.
    fn bins(self, sorted: &[Duration]) -> Vec<u32> {
        let mut before = 0;
        let bins = (1..=BINS).map(|bin| {
            let limit = self.milliseconds(f64::from(bin));
            let end = match bin {
                BINS => sorted.len(),
                _ => sorted.partition_point(|latency| in_milliseconds(*latency) < limit),
            };
            let count = end - before;
            before = end;
            u32::try_from(count).unwrap_or(u32::MAX)
        });
        bins.collect()
    }

    /// Returns the positions of the ticks, with labels if there is room.
    fn ticks(self) -> impl Iterator<Item = (Option<String>, f64)> {
        let has_room = self.last.0 - self.first.0 <= 16;
        (self.first.0..=self.last.0).map(move |steps| {
            let tick = Tick(steps);
            let is_labelled = has_room || steps.rem_euclid(3) == 0;
            let label = is_labelled.then(|| tick.milliseconds().to_string());
            (label, self.position(tick.milliseconds()))
        })
    }
}

impl Tick {
    /// A microsecond.
    const FIRST: Self = Self(-9);

    /// A thousand seconds.
    const LAST: Self = Self(18);

    fn all() -> impl Iterator<Item = Self> {
        (Self::FIRST.0..=Self::LAST.0).map(Self)
    }

    fn milliseconds(self) -> f64 {
        let digit = match self.0.rem_euclid(3) {
            0 => 1.0,
            1 => 2.0,
            _ => 5.0,
        };
        match self.0.div_euclid(3) {
            // A division, because it has no rounding errors that a label would show.
            power @ ..0 => digit / 10_f64.powi(-power),
            power => digit * 10_f64.powi(power),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_is_in_a_bar_of_the_axis() {
        let sorted: Vec<_> = [0, 1, 900, 1_000, 70_000_000]
            .map(Duration::from_micros)
            .into();
        let routes = [Route {
            name: "GET /items",
            sorted: &sorted,
        }];
        let axis = Axis::of(&routes);
        let ends = [axis.first, axis.last].map(Tick::milliseconds);
        assert_eq!(ends.map(|end| end.to_string()), ["0.001", "100000"]);
        let bins = axis.bins(routes[0].sorted);
        assert_eq!(bins.iter().sum::<u32>(), 5);
        assert_eq!(bins[0], 2);
        let one = axis.position(1.0);
        assert!((one - NAMES_WIDTH - AXIS_WIDTH * 3.0 / 8.0).abs() < 0.01);
    }

    #[test]
    fn equal_latencies_have_an_axis() {
        for microseconds in [0, 1, 2_000, 3_000, u64::MAX] {
            let sorted = vec![Duration::from_micros(microseconds); 3];
            let route = Route {
                name: "GET /items",
                sorted: &sorted,
            };
            let axis = Axis::of(&[route]);
            assert!(axis.first < axis.last, "{axis:?}");
        }
    }
}
