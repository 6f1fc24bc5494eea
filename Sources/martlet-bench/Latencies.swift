import Histogram
import NIOCore

/// The distribution of a set of durations, to three significant digits: microseconds up to an hour (longer ones count as an hour).
struct Latencies: Sendable {
    private static let longestMicroseconds: UInt64 = 3_600_000_000

    private var histogram = Histogram<UInt64>(highestTrackableValue: longestMicroseconds, numberOfSignificantValueDigits: .three)

    var count: Int { Int(histogram.totalCount) }

    mutating func record(_ duration: TimeAmount) {
        let microseconds = UInt64(max(0, duration.nanoseconds) / 1000)
        histogram.record(min(microseconds, Self.longestMicroseconds))
    }

    mutating func merge(_ other: Latencies) {
        histogram.add(other.histogram)
    }

    /// The latency, in milliseconds, that `percentile` percent of the durations do not exceed; nil where nothing was recorded.
    func milliseconds(atPercentile percentile: Double) -> Double? {
        count == 0 ? nil : Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    /// Milliseconds; nil where nothing was recorded.
    var minimum: Double? { count == 0 ? nil : Double(histogram.min) / 1000 }
    /// Milliseconds; nil where nothing was recorded.
    var maximum: Double? { count == 0 ? nil : Double(histogram.max) / 1000 }
    /// Milliseconds; nil where nothing was recorded.
    var mean: Double? { count == 0 ? nil : histogram.mean / 1000 }
}
