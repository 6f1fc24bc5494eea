/// Requests that span databases: one database, their owner, decides in a commit, and the others follow.
///
/// Exactly once, whatever fails in between:
/// 1. The owner's commit holds the intent.
/// 2. Each part is carried out in a commit of its database that also leaves a marker there; where the marker is, nothing is done again.
/// 3. The owner's intent is deleted, and only when that is on the disk, the markers are. A marker without its intent, which a crash can leave, is
///    deleted at the next start, before anything is carried out.
package final class Intents: Sendable {
    private let owner: Database
    private let kinds: [String: IntentKind]
    /// The databases that intents can have a part in.
    private let targets: [Database]
    private let carryingOut: WorkQueue<IntentID>
    private let tidying: WorkQueue<IntentID>

    /// So many intents are carried out at a time at most.
    private static let atOnceMax = 16

    /// - Parameter kinds: what intents there can be. Intents of other kinds, which another version of the program has left, stay as they are.
    package init(of owner: Database, kinds: [IntentKind], environment: Environment, backoff: Backoff = Backoff()) {
        var targets: [Database] = []
        for target in kinds.flatMap(\.parts).map(\.target) where !targets.contains(where: { $0 === target }) { targets.append(target) }
        let kinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, $0) })
        let tidying = WorkQueue<IntentID>(environment: environment, backoff: backoff, atOnceMax: Self.atOnceMax) { [targets] id in
            try await Self.tidy(id, owner, targets)
        }
        self.owner = owner
        self.kinds = kinds
        self.targets = targets
        self.tidying = tidying
        carryingOut = WorkQueue(environment: environment, backoff: backoff, atOnceMax: Self.atOnceMax) { id in
            // What is being tidied up has been carried out, and its markers may be gone at any moment.
            guard !tidying.contains(id) else { return .isDone }
            try await Self.carryOut(id, kinds, owner)
            tidying.add(id)
            return .isDone
        }
        for database in [owner] + targets { database.onReopening { [weak self] in self?.goOnAfterReopening() } }
    }

    /// Carries out what the last run of the program has left, and returns when each intent is carried out or has failed once; what has failed is
    /// tried again later. Requests are served after it.
    package func resume() async throws {
        for target in targets { try await deleteLeftMarkers(in: target) }
        let left = try all().filter(\.isKnown)
        for status in left { carryingOut.add(status.id) }
        for status in left { try? await carryingOut.wait(for: status.id) }
    }

    /// Has an intent carried out when the commit is published. Its kind is one of those that were declared.
    ///
    /// - Parameter payload: what it is about, in the form that its kind has.
    package func begin(_ kind: String, _ payload: [UInt8], in commit: Commit) -> IntentID {
        precondition(kinds[kind] != nil, "no intent is a \(kind)")
        let id = commit.makeShortID(IntentID.self)
        commit.put(CommonMaps.intents, id, Intent(kind: kind, payload: payload))
        commit.onPublication { [carryingOut] in carryingOut.add(id) }
        return id
    }

    /// Waits until an intent is carried out, one that a synced commit has begun.
    ///
    /// - Throws: what a part has thrown, when it has failed and will be tried again; `StoreError.closed` when the intents are stopped before;
    ///   `CancellationError`.
    package func wait(for id: IntentID) async throws {
        try await carryingOut.wait(for: id)
    }

    /// The intents that aren't known to be carried out, in the order in which they were begun.
    package func all() throws -> [IntentStatus] {
        var intents = try owner.snapshot().domain(CommonMaps.intents, .all)
        return try intents.collect().map { id, intent in
            IntentStatus(id: id, intent: intent, isKnown: kinds[intent.kind] != nil, error: carryingOut.error(of: id).map { "\($0)" })
        }
    }

    /// Ends when the commits are done that are under way; what is left is carried out at the next start. The databases are to be closed after it.
    package func stop() async {
        await carryingOut.end()
        await tidying.end()
    }

    /// What failed with a database goes on at once, and so do intents of commits whose outcome was unknown.
    private func goOnAfterReopening() {
        carryingOut.perform { [self] in
            // When reading fails, the database is opened once more.
            for status in (try? all()) ?? [] where status.isKnown { carryingOut.add(status.id) }
            carryingOut.retryAll()
            tidying.retryAll()
        }
    }

    private static func carryOut(_ id: IntentID, _ kinds: [String: IntentKind], _ owner: Database) async throws {
        guard let intent = try owner.snapshot().get(CommonMaps.intents, id), let kind = kinds[intent.kind] else { return }
        let marker = TupleKey(owner.schema.name, id)
        for part in kind.parts {
            try await part.target.commit { commit in
                guard try !commit.contains(CommonMaps.finishedIntents, marker) else { return }
                try part.carryOut(intent.payload, commit)
                commit.put(CommonMaps.finishedIntents, marker, Empty())
            }
        }
    }

    private static func tidy(_ id: IntentID, _ owner: Database, _ targets: [Database]) async throws -> WorkQueue<IntentID>.Turn {
        try await owner.commit { $0.delete(CommonMaps.intents, id) }
        let marker = TupleKey(owner.schema.name, id)
        for target in targets {
            guard try target.snapshot().contains(CommonMaps.finishedIntents, marker) else { continue }
            try await target.commit(.relaxed) { $0.delete(CommonMaps.finishedIntents, marker) }
        }
        return .isDone
    }

    /// Deletes the markers whose intents are gone.
    private func deleteLeftMarkers(in target: Database) async throws {
        let intents = owner.snapshot()
        var walk = try target.snapshot().domain(CommonMaps.finishedIntents, .tuples(owner.schema.name))
        for (marker, _) in try walk.collect() where try !intents.contains(CommonMaps.intents, marker.parts.1) {
            try await target.commit(.relaxed) { $0.delete(CommonMaps.finishedIntents, marker) }
        }
    }
}

/// How an intent is getting on.
package struct IntentStatus: Sendable, Hashable {
    package let id: IntentID
    package let intent: Intent
    /// Whether this program knows what to do; otherwise the intent stays until one does.
    package let isKnown: Bool
    /// Why it could not be carried out the last time.
    package let error: String?
}
