import Store

/// Somebody's place among those who are told of a scope's news; releasing it gives the place up.
package final class StreamSubscription: Sendable {
    package let scope: Scope
    private let streams: Streams
    private let live: LiveStream
    private let id: UInt64
    private let subscriber: StreamSubscriber

    init(scope: Scope, streams: Streams, live: LiveStream, id: UInt64, _ subscriber: StreamSubscriber) {
        self.scope = scope
        self.streams = streams
        self.live = live
        self.id = id
        self.subscriber = subscriber
    }

    deinit {
        subscriber.leave()
        // The last one may be let go while the stream tells its news.
        streams.release(id, of: live, scope)
    }

    /// After so many reads that were overtaken by news, one is done while news wait.
    private static let readsMax = 5

    /// Reads the messages that a key has, and hands them over at their place among the news: everything that came before is in them, and
    /// nothing that is still to come.
    ///
    /// - Parameters:
    ///   - sequence: only messages after this number.
    ///   - prepare: makes what is handed over of the messages.
    ///   - deliver: hands it over; it must be quick, since news wait.
    package func replay<Prepared>(
        _ key: String, after sequence: UInt64 = 0, _ prepare: ([StreamMessage]) -> Prepared, deliver: (Prepared) -> Void
    ) throws {
        for _ in 0..<Self.readsMax {
            let (lastKept, messages) = try read(key, after: sequence)
            let prepared = prepare(messages)
            if live.between(lastKept: lastKept, accepting: false, { _ in deliver(prepared) }) { return }
        }
        while true {
            let (lastKept, messages) = try read(key, after: sequence)
            let isDelivered = live.between(lastKept: lastKept, accepting: true) { end in
                deliver(prepare(messages.filter { $0.sequence <= end }))
            }
            if isDelivered { return }
        }
    }

    private func read(_ key: String, after sequence: UInt64) throws -> (lastKept: UInt64, [StreamMessage]) {
        let snapshot = streams.database.snapshot()
        let lastKept = try snapshot.get(TransitoryMaps.streams, scope)?.lastKept ?? 0
        return (lastKept, try snapshot.streamMessages(of: key, after: sequence, in: scope))
    }
}
