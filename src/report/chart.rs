//! A line over time as the path of an SVG.

use std::fmt::Write;

use serde::Serialize;

/// The size of a chart, in the units of its view box.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;

/// How many values a line has at most: nobody could see more of them.
const VALUES: usize = 72;

/// A line over time.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    /// The path of the line, and of the area below it.
    line: String,
    area: String,
    /// The largest value, and its average.
    pub most: f64,
    pub mean: f64,
    /// Where the chart ends, in seconds.
    seconds: f64,
    /// `(seconds, value)`, for those who cannot see the line.
    values: Vec<(f64, f64)>,
}

/// The speed of a count over time: of moments `(seconds, count so far)`. None if there is nothing to draw.
pub(super) fn speed(moments: &[(f64, f64)]) -> Option<Chart> {
    let (end, total) = moments.iter().copied().rfind(|(seconds, _)| *seconds > 0.0)?;
    let step = moments.len().div_ceil(VALUES).max(1);
    let mut values = Vec::with_capacity(VALUES + 1);
    let (mut before, mut counted) = (0.0, 0.0);
    for chunk in moments.chunks(step) {
        let Some((seconds, count)) = chunk.last().copied().filter(|(seconds, _)| *seconds > before) else { continue };
        values.push((seconds, (count - counted).max(0.0) / (seconds - before)));
        (before, counted) = (seconds, count);
    }
    let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let (mut line, mut from) = (String::new(), 0.0);
    for (seconds, value) in &values {
        let (left, right) = (from / end * WIDTH, seconds / end * WIDTH);
        let height = HEIGHT - value / most * HEIGHT;
        let command = if line.is_empty() { 'M' } else { 'L' };
        // Writing to a text cannot fail.
        write!(line, "{command}{left:.1} {height:.1}H{right:.1}").unwrap_or_default();
        from = *seconds;
    }
    let area = format!("{line}V{HEIGHT}H0Z");
    Some(Chart { line, area, most, mean: total / end, seconds: end, values })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_steps_as_high_as_the_speed() {
        let chart = speed(&[(0.0, 0.0), (1.0, 10.0), (2.0, 30.0), (4.0, 30.0)]).unwrap();
        assert_eq!((chart.most, chart.mean, chart.seconds), (20.0, 7.5, 4.0));
        assert_eq!(chart.line, "M0.0 80.0H180.0L180.0 0.0H360.0L360.0 160.0H720.0");
        assert!(speed(&[]).is_none() && speed(&[(0.0, 0.0)]).is_none() && speed(&[(1.0, 0.0)]).is_none());
    }

    proptest! {
        #[test]
        fn a_line_stays_within_its_box(steps in proptest::collection::vec((0.0..5.0_f64, 0.0..1e6_f64), 0..300)) {
            let (mut seconds, mut count) = (0.0, 0.0);
            let moments: Vec<(f64, f64)> = steps.iter().map(|(time, more)| {
                (seconds, count) = (seconds + time, count + more);
                (seconds, count)
            }).collect();
            if let Some(chart) = speed(&moments) {
                prop_assert!(chart.values.len() <= VALUES && !chart.line.contains("NaN") && !chart.line.contains("inf"));
                let numbers = chart.area.split(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
                let numbers = numbers.filter(|text| !text.is_empty()).map(|text| text.parse::<f64>().unwrap());
                prop_assert!(numbers.into_iter().all(|number| (0.0..=720.1).contains(&number)), "{}", chart.area);
            }
        }
    }
}
