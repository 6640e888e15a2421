//! A chart of time over the size of the request.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;

/// A line: its name, and its points in KiB and µs.
pub type Line = (&'static str, Vec<(f64, f64)>);

const COLORS: [RGBColor; 4] =
    [RGBColor(120, 120, 120), RGBColor(200, 80, 30), RGBColor(30, 100, 200), RGBColor(30, 140, 60)];

/// Draws the lines into an SVG file, on logarithmic axes: what grows with the request is straight there.
pub fn draw(path: &Path, lines: &[Line]) -> Result<()> {
    let area = SVGBackend::new(path, (760, 460)).into_drawing_area();
    let points = || lines.iter().flat_map(|(_, points)| points);
    let range = |of: fn(&(f64, f64)) -> f64| {
        let (least, most) =
            points().map(of).fold((f64::MAX, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        (least * 0.8..most * 1.3).log_scale()
    };
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(range(|point| point.0), range(|point| point.1))?;
    chart.configure_mesh().x_desc("size of the request, KiB").y_desc("time of a call, µs").draw()?;
    for ((name, points), color) in lines.iter().zip(COLORS) {
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)).point_size(3))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}
