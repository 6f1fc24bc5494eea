import Store
import Synchronization

/// Keyed, ordered streams with replay and compaction, one for each scope: what passes by in a room, what waits for a device, a public stream.
///
/// A scope's messages are numbered from 1 on. Each push is sent to those who are subscribed, in the numbers' order, after it is on the disk (a
/// relay, which isn't kept, at once). What a key has can be read by `Reader.streamMessages`; for scopes other than public streams the log of
/// positions tells of each kept message, so that who waits at the notifier is woken.
package final class Streams: Sendable {
    let database: Database
    package let limits: StreamLimits
    let live = Mutex<[Scope: LiveStream]>([:])
    let tasks: BackgroundTasks
    let expiry = Mutex<Alarm?>(nil)
    let environment: Environment
    /// The bytes of all public streams together.
    private let publicBytes = Mutex(Int64(0))

    /// So many numbers are reserved for relays at a time.
    private static let reservedNumbers: UInt64 = 1024

    init(database: Database, environment: Environment, limits: StreamLimits = StreamLimits()) {
        self.database = database
        self.environment = environment
        self.limits = limits
        tasks = BackgroundTasks(on: environment.executors.short)
        // Nobody knows which of the last pushes were kept: subscribers have to begin anew.
        database.onReopening { [weak self] in self?.endAll() }
    }

    // MARK: - Pushing

    /// Makes a scope, if it isn't there.
    ///
    /// - Parameter lifetime: after how many idle milliseconds it is removed; 0 is never.
    package func create(_ scope: Scope, lifetime: Int64) async throws {
        _ = try await database.commit { try self.push([], to: scope, lifetime: lifetime, in: $0) }
    }

    /// Carries out pushes in their order, and waits until they are on the disk and on their way to everybody.
    ///
    /// - Parameters:
    ///   - lifetime: makes the scope if it isn't there; see `create`. Without it, a scope that isn't there is an error.
    ///   - durability: how sure it is that what is kept survives a crash.
    /// - Returns: what became of each; one that is refused doesn't stop the others.
    /// - Throws: `StreamError.unknownScope`, `StoreError`.
    @discardableResult
    package func push(
        _ pushes: [StreamPush], to scope: Scope, lifetime: Int64? = nil, _ durability: Durability = .synced
    ) async throws -> [Result<StreamPushOutcome, StreamError>] {
        if let outcomes = try relay(pushes, to: scope) { return outcomes }
        return try await database.commit(durability) { try self.push(pushes, to: scope, lifetime: lifetime, in: $0) }
    }

    /// Carries out pushes as a part of a commit.
    ///
    /// - Parameters:
    ///   - lifetime: makes the scope if it isn't there; see `create`.
    ///   - limits: how much the scope may hold, where that isn't as much as all others.
    /// - Returns: what becomes of each.
    /// - Throws: `StreamError.unknownScope`.
    @discardableResult
    package func push(
        _ pushes: [StreamPush], to scope: Scope, lifetime: Int64?, limits: StreamLimits? = nil, in commit: Commit
    ) throws -> [Result<StreamPushOutcome, StreamError>] {
        var writer = try StreamWriter(scope, lifetime: lifetime, limits: limits ?? self.limits, in: commit)
        let live = live(scope)
        var last = live?.lastNumber(reserved: writer.head.last) ?? writer.head.last
        let (before, bytesBefore) = (last, writer.head.bytes)
        var news: [StreamNews] = []
        var outcomes: [Result<StreamPushOutcome, StreamError>] = []
        for push in pushes {
            do {
                let (outcome, new) = try writer.push(push, lastNumber: last) {
                    last = live?.takeNumber() ?? last + 1
                    return last
                }
                outcomes.append(.success(outcome))
                if let new { news.append(new) }
            } catch let error as StreamError {
                outcomes.append(.failure(error))
            }
        }
        if live != nil, pushes.contains(where: { $0.action == .relay }) { writer.reserve(upTo: last + Self.reservedNumbers) }
        writer.finish()
        let (number, reserved, expiry) = (last > before ? last : nil, writer.head.last, writer.expiry)
        let added = Int64(writer.head.bytes) - Int64(bytesBefore)
        commit.onPublication { [news] in
            self.count(added, in: scope)
            self.live(scope)?.publish(news, number: number, reserved: reserved)
            if let expiry { self.expiry.withLock { $0 }?.set(for: expiry) }
        }
        return outcomes
    }

    /// Sends pushes that are all relays at once, if that can be.
    private func relay(_ pushes: [StreamPush], to scope: Scope) throws -> [Result<StreamPushOutcome, StreamError>]? {
        guard let live = live(scope), pushes.allSatisfy({ $0.action == .relay }) else { return nil }
        // Those that are refused take no number, which a commit sees to.
        guard pushes.allSatisfy({ (try? limits.check($0)) != nil }), let numbers = live.relay(pushes) else { return nil }
        let snapshot = database.snapshot()
        return try zip(pushes, numbers).map { push, number in
            .success(StreamPushOutcome(sequence: number, size: try snapshot.streamSize(of: push.key, in: scope)))
        }
    }

    /// Removes a scope with all that it has; subscriptions to it end.
    package func remove(_ scope: Scope, in commit: Commit) throws {
        guard let head = try commit.get(TransitoryMaps.streams, scope) else { return }
        commit.delete(TransitoryMaps.streams, scope)
        commit.delete(TransitoryMaps.streamKeys, .tuples(scope.encoded))
        commit.delete(TransitoryMaps.streamMessages, .tuples(scope.encoded))
        commit.onPublication {
            self.count(-Int64(head.bytes), in: scope)
            self.live.withLock { $0.removeValue(forKey: scope) }?.end()
        }
    }

    // MARK: - Reading

    /// Whether somebody has made the scope, and it has not expired.
    package func exists(_ scope: Scope) throws -> Bool {
        try database.snapshot().hasStream(scope)
    }

    /// The messages that a key has, those after a number, in their order.
    package func messages(of key: String, after sequence: UInt64, in scope: Scope) throws -> [StreamMessage] {
        try database.snapshot().streamMessages(of: key, after: sequence, in: scope)
    }

    /// The keys of a scope that have messages.
    package func keys(in scope: Scope) throws -> [String] {
        try database.snapshot().streamSizes(in: scope).map(\.key)
    }

    // MARK: - Size

    /// The bytes of all public streams' keys and values, as far as commits that were published tell.
    package var sizeBytes: Int64 { publicBytes.withLock { $0 } }

    private func count(_ bytes: Int64, in scope: Scope) {
        guard scope.kind == .stream, bytes != 0 else { return }
        publicBytes.withLock { $0 += bytes }
    }

    // MARK: - Subscribing

    /// Has somebody told of all that happens in a scope from now on, in order.
    ///
    /// - Parameters:
    ///   - receive: is called with the news; it must be quick, and must not call back.
    ///   - end: is called when there will be no news any more: the scope was removed, or the database has failed. Who goes on has to subscribe and
    ///     read anew.
    package func subscribe(
        to scope: Scope, _ receive: @escaping @Sendable ([StreamNews]) -> Void, onEnd end: @escaping @Sendable () -> Void
    ) throws -> StreamSubscription {
        let subscriber = StreamSubscriber(receive: receive, end: end)
        while true {
            let stream = live.withLock { live in
                if let stream = live[scope] { return stream }
                let stream = LiveStream()
                live[scope] = stream
                return stream
            }
            // From here on the stream sees what is published.
            let lastKept = try database.snapshot().get(TransitoryMaps.streams, scope)?.lastKept ?? 0
            if let id = stream.add(subscriber, lastKept: lastKept) {
                return StreamSubscription(scope: scope, streams: self, live: stream, id: id, subscriber)
            }
        }
    }

    private func live(_ scope: Scope) -> LiveStream? {
        live.withLock { $0[scope] }
    }

    /// Ends a subscription soon; forgets a stream that nobody is subscribed to any more, and gives the numbers back that it has in reserve.
    func release(_ subscriber: UInt64, of stream: LiveStream, _ scope: Scope) {
        tasks.start {
            guard stream.remove(subscriber) else { return }
            // If it can't be written, the numbers are left out.
            try? await self.database.commit(.relaxed) { commit in
                if stream.endIfUnused() { try self.forget(stream, of: scope, in: commit) }
            }
        }
    }

    private func forget(_ stream: LiveStream, of scope: Scope, in commit: Commit) throws {
        live.withLock { if $0[scope] === stream { $0[scope] = nil } }
        let last = stream.end()
        guard var head = try commit.get(TransitoryMaps.streams, scope) else { return }
        head.last = min(last ?? head.last, head.last)
        // Relays leave no trace otherwise.
        head.activeAt = commit.time
        commit.put(TransitoryMaps.streams, scope, head)
    }

    // MARK: - Beginning and end

    /// Counts what there is, and removes scopes from now on whose time is over.
    package func begin() throws {
        var heads = try database.snapshot().domain(TransitoryMaps.streams, .prefix([Scope.Kind.stream.rawValue]))
        var bytes: Int64 = 0
        while let (_, head) = try heads.next() { bytes += Int64(head.bytes) }
        publicBytes.withLock { $0 += bytes }
        let alarm = Alarm(environment: environment) { [weak self] in try await self?.expire() }
        expiry.withLock { $0 = alarm }
        alarm.set(for: environment.clock.now())
    }

    /// Ends all subscriptions and what goes on by itself; the database is to be closed after it.
    package func end() async {
        await expiry.withLock { $0 }?.end()
        await tasks.end()
        let all = live.withLock { $0 }
        guard !all.isEmpty else { return }
        // If it can't be written, the numbers in reserve are left out.
        try? await database.commit { commit in
            for (scope, stream) in all { try self.forget(stream, of: scope, in: commit) }
        }
    }

    /// Ends all subscriptions.
    private func endAll() {
        let all = live.withLock { live in
            defer { live = [:] }
            return live
        }
        for (_, stream) in all { stream.end() }
    }
}
