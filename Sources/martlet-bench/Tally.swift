import NIOCore

/// What became of a number of requests: the latencies of those that succeeded, and the others counted by reason.
struct Tally: Sendable {
    private(set) var latencies = Latencies()
    private(set) var failures: [RequestFailure: Int] = [:]

    var failureCount: Int { failures.values.reduce(0, +) }

    mutating func record(_ duration: TimeAmount) {
        latencies.record(duration)
    }

    mutating func record(_ failure: RequestFailure) {
        failures[failure, default: 0] += 1
    }

    mutating func merge(_ other: Tally) {
        latencies.merge(other.latencies)
        failures.merge(other.failures, uniquingKeysWith: +)
    }
}
