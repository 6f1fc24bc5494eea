import MatrixProtocol
import Store
import StoredIdentifiers

/// What version 5 of the rooms database has and version 4 had not: a thread's subscribers, the names of transactions by event, and what
/// waits by room, with its place.
enum RoomsVersion5 {
    /// As versions up to 4 had it: user, device and transaction ID.
    static let shortEventIDToTransaction = Column<ShortEventID, TupleKey<UserID, String, String>>(
        "shorteventid_transaction", in: "events", .sequentialSmall, .pointLookups)

    static let migration = Migration(
        to: 5,
        adding: [RoomsMaps.threadSubscribers.map, RoomsMaps.waitingEvents.map],
        // No server has sent events yet that would have to wait.
        removing: [RoomsVersion3.waitingEvents.map],
        steps: [
            MigrationStep(through: RoomsMaps.transactionToEventID) { key, id, commit in
                let (user, device, name) = key.parts
                guard let event = try commit.get(RoomsMaps.eventIDToShortID, id),
                    let transaction = try commit.get(shortEventIDToTransaction, event)
                else { return }
                commit.put(RoomsMaps.shortEventIDToTransaction, event, TupleKey(user, device, name, transaction.parts.2))
            },
            MigrationStep(through: RoomsMaps.threadSubscriptions) { key, _, commit in
                let (user, room, root) = key.parts
                commit.put(RoomsMaps.threadSubscribers, TupleKey(root, user), room)
            },
        ])
}
