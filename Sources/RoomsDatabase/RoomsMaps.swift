import MatrixProtocol
import Store
import StoredIdentifiers

/// The maps of the rooms database. docs/data-model.md describes each.
package enum RoomsMaps {
    // MARK: - events

    package static let eventIDToOutlier = Column<EventID, StoredEvent>("eventid_outlierpdu", in: "events", .random, .events)
    package static let eventIDToPDUID = Column<EventID, PDUID>("eventid_pduid", in: "events", .random, .pointLookups)
    package static let eventIDToShortID = Column<EventID, ShortEventID>("eventid_shorteventid", in: "events", .random, .pointLookups)
    package static let pduIDToEvent = Column<PDUID, StoredEvent>("pduid_pdu", in: "events", .sequential, .events)
    package static let referencedEvents = Column<FixedKey<ShortRoomID, ShortEventID>, Empty>("referencedevents", in: "events", .random)
    package static let shortEventIDToAuthChain = Column<ShortEventID, AuthChain>(
        "shorteventid_authchain", in: "events", .sequential, .pointLookups)
    package static let shortEventIDToEventID = Column<ShortEventID, EventID>(
        "shorteventid_eventid", in: "events", .sequentialSmall, .pointLookups)
    package static let shortEventIDToPDUID = Column<ShortEventID, PDUID>(
        "shorteventid_pduid", in: "events", .sequentialSmall, .pointLookups)
    package static let shortEventIDToStateHash = Column<ShortEventID, ShortStateHash>(
        "shorteventid_shortstatehash", in: "events", .sequential, .pointLookups)
    package static let shortEventIDToTransaction = Column<ShortEventID, TupleKey<UserID, String, String, String>>(
        "shorteventid_transaction", in: "events", .sequentialSmall, .pointLookups)
    package static let softFailedEventIDs = Column<EventID, Empty>("softfailedeventids", in: "events", .randomSmall, .pointLookups)
    package static let threadParticipants = Column<TupleKey<ShortEventID, UserID>, UInt64>(
        "threadid_userids", in: "events", .sequentialSmall, .pointLookups)
    package static let threads = Column<FixedKey<ShortRoomID, Int64>, ShortEventID>("shortroomid_thread", in: "events", .randomSmall)
    package static let relations = Column<RelatedEvent.Key, RelatedEvent.Value>("tofrom_relation", in: "events", .randomSmall)
    package static let annotations = Column<FixedKey<ShortEventID, UInt64, ShortEventID>, Empty>(
        "tofrom_annotation", in: "events", .randomSmall)
    package static let aggregations = Column<ShortEventID, Aggregation>(
        "shorteventid_aggregation", in: "events", .randomSmall, .pointLookups)
    package static let eventsByTime = Column<FixedKey<ShortRoomID, Int64, Int64>, Empty>("timestamp_pduid", in: "events", .sequential)
    package static let searchWords = Column<SearchKey, SearchWeight>("tokenids", in: "events", .random)
    package static let transactionToEventID = Column<TupleKey<UserID, String, String>, EventID>(
        "userdevicetxnid_response", in: "events", .randomSmall, .pointLookups)
    package static let relationships = Column<FixedKey<ShortEventID, ShortEventID>, String>(
        "tofrom_relationship", in: "events", .randomSmall)

    // MARK: - events without a place in a timeline

    package static let rejectedEvents = Column<ShortEventID, String>("shorteventid_rejection", in: "events", .randomSmall, .pointLookups)
    package static let roomOutliers = Column<FixedKey<ShortRoomID, ShortEventID>, Empty>(
        "shortroomid_outlier", in: "events", .randomSmall, .pointLookups)
    package static let waitingEvents = Column<FixedKey<ShortRoomID, ShortEventID, ShortEventID>, ShortEventID>(
        "shortroomid_waiting", in: "events", .randomSmall)
    package static let waitingRedactions = Column<FixedKey<ShortEventID, ShortEventID>, Empty>(
        "redactedid_redaction", in: "events", .randomSmall)
    package static let gaps = Column<PDUID, ShortEventIDs>("pduid_gap", in: "events", .randomSmall)

    // MARK: - thread subscriptions

    package static let threadSubscriptions = Column<TupleKey<UserID, ShortRoomID, ShortEventID>, ThreadSubscription>(
        "useridthreadid_subscription", in: "events", .randomSmall, .pointLookups)
    package static let threadSubscriptionsByPosition = Column<TupleKey<UserID, Position>, FixedKey<ShortRoomID, ShortEventID>>(
        "useridposition_threadid", in: "events", .randomSmall)

    package static let threadSubscribers = Column<TupleKey<ShortEventID, UserID>, ShortRoomID>(
        "threadid_subscriber", in: "events", .randomSmall)

    // MARK: - delayed events

    package static let delayedEvents = Column<DelayedEventNumber, DelayedEvent>("delayednumber_delayedevent", in: "events", .randomSmall)
    package static let delayIDToNumber = Column<String, DelayedEventNumber>("delayid_delayednumber", in: "events", .randomSmall)
    package static let delayedEventsByTime = Column<FixedKey<Int64, DelayedEventNumber>, Empty>(
        "timestamp_delayednumber", in: "events", .randomSmall)
    package static let userDelayedEvents = Column<TupleKey<UserID, Int64, DelayedEventNumber>, Empty>(
        "useridtimestamp_delayednumber", in: "events", .randomSmall)
    package static let stateKeyDelayedEvents = Column<TupleKey<RoomID, String, String, DelayedEventNumber>, Empty>(
        "roomstatekey_delayednumber", in: "events", .randomSmall)
    package static let transactionToDelayedEvent = Column<TupleKey<UserID, String, String>, DelayedEventNumber>(
        "userdevicetxnid_delayednumber", in: "events", .randomSmall)
    package static let shortEventIDToDelayID = Column<ShortEventID, String>(
        "shorteventid_delayid", in: "events", .sequentialSmall, .pointLookups)

    package static let delayedStickiness = Column<DelayedEventNumber, Int64>(
        "delayednumber_stickiness", in: "events", .randomSmall)

    // MARK: - sticky events

    package static let stickyEvents = Column<FixedKey<ShortRoomID, Position>, FixedKey<Int64, ShortEventID>>(
        "shortroomid_stickyevent", in: "events", .randomSmall)
    package static let stickyEventsByExpiry = Column<FixedKey<Int64, ShortRoomID, Position>, Empty>(
        "timestamp_stickyevent", in: "events", .randomSmall)

    // MARK: - state

    package static let roomStates = Column<FixedKey<ShortRoomID, ShortStateHash>, Empty>(
        "shortroomid_shortstatehash", in: "state", .sequential)
    package static let partialStates = Column<FixedKey<ShortRoomID, ShortEventID>, JudgementNumber>(
        "shortroomid_partialstate", in: "state", .randomSmall, .pointLookups)
    package static let roomToStateHash = Column<ShortRoomID, ShortStateHash>("roomid_shortstatehash", in: "state", .randomSmall)
    package static let roomPositionToStateHash = Column<FixedKey<ShortRoomID, Position>, ShortStateHash>(
        "roomsynctoken_shortstatehash", in: "state", .sequential, .archive)
    package static let roomStateKeyToEvent = Column<FixedKey<ShortRoomID, ShortStateKey>, ShortEventID>(
        "shortroomid_statekey", in: "state", .random, .pointLookups)
    package static let stateLayers = Column<FixedKey<ShortStateHash, ShortStateKey>, [UInt8]>(
        "shortstatehash_statediff", in: "state", .sequentialSmall, describedBy: StateLayer.describe)
    package static let shortIDToStateKey = Column<ShortStateKey, TupleKey<String, String>>(
        "shortstatekey_statekey", in: "state", .randomSmall, .pointLookups)
    package static let stateHashToShortID = Column<[UInt8], ShortStateHash>("statehash_shortstatehash", in: "state", .random, .pointLookups)
    package static let stateKeyToShortID = Column<TupleKey<String, String>, ShortStateKey>(
        "statekey_shortstatekey", in: "state", .random, .pointLookups)

    // MARK: - rooms

    package static let aliasToRoomID = Column<RoomAlias, RoomID>("alias_roomid", in: "rooms", .randomSmall)
    package static let aliasToUserID = Column<RoomAlias, UserID>("alias_userid", in: "rooms", .randomSmall)
    package static let roomAliases = Column<TupleKey<ShortRoomID, RoomAlias>, Empty>("aliasid_alias", in: "rooms", .randomSmall)
    package static let bannedRoomIDs = Column<RoomID, Empty>("bannedroomids", in: "rooms", .randomSmall)
    package static let disabledRoomIDs = Column<RoomID, Empty>("disabledroomids", in: "rooms", .randomSmall)
    package static let publicRooms = Column<ShortRoomID, Empty>("publicroomids", in: "rooms", .randomSmall)
    package static let publicRoomsBySize = Column<PublicRoomPlace.Key, Empty>("joinedcount_publicroom", in: "rooms", .randomSmall)
    package static let roomInvitedCount = Column<ShortRoomID, UInt64>("roomid_invitedcount", in: "rooms", .randomSmall)
    package static let roomInviteVia = Column<TupleKey<ShortRoomID, ServerName>, Empty>(
        "roomid_inviteviaservers", in: "rooms", .randomSmall)
    package static let roomJoinedCount = Column<ShortRoomID, UInt64>("roomid_joinedcount", in: "rooms", .randomSmall)
    package static let roomExtremities = Column<ShortRoomID, Extremities>("roomid_pduleaves", in: "rooms", .randomSmall)
    package static let roomIDToShortID = Column<RoomID, ShortRoomID>("roomid_shortroomid", in: "rooms", .randomSmall, .pointLookups)
    package static let shortIDToRoomID = Column<ShortRoomID, RoomID>("shortroomid_roomid", in: "rooms", .randomSmall, .pointLookups)

    // MARK: - users

    package static let roomInvited = Column<TupleKey<ShortRoomID, UserID>, Position>("roomuserid_invitecount", in: "users", .randomSmall)
    package static let roomJoined = Column<TupleKey<ShortRoomID, UserID>, Position>("roomuserid_joined", in: "users", .randomSmall)
    package static let roomKnocked = Column<TupleKey<ShortRoomID, UserID>, Position>("roomuserid_knockedcount", in: "users", .randomSmall)
    package static let roomLeft = Column<TupleKey<ShortRoomID, UserID>, Position>("roomuserid_leftcount", in: "users", .random)
    package static let roomOnceJoined = Column<TupleKey<ShortRoomID, UserID>, Empty>("roomuseroncejoinedids", in: "users", .random)
    package static let userAvatarURL = Column<UserID, String>("userid_avatarurl", in: "users", .randomSmall)
    package static let userBlurhash = Column<UserID, String>("userid_blurhash", in: "users", .randomSmall)
    package static let userDisplayName = Column<UserID, String>("userid_displayname", in: "users", .randomSmall)
    package static let erasedUsers = Column<UserID, Empty>("userid_erased", in: "users", .randomSmall, .pointLookups)
    package static let userProfileField = Column<TupleKey<UserID, String>, [UInt8]>("useridprofilekey_value", in: "users", .randomSmall)
    package static let userInvited = Column<TupleKey<UserID, ShortRoomID>, StrippedRoom>(
        "userroomid_invitestate", in: "users", .randomSmall)
    package static let userJoined = Column<TupleKey<UserID, ShortRoomID>, Position>("userroomid_joined", in: "users", .random)
    package static let userKnocked = Column<TupleKey<UserID, ShortRoomID>, StrippedRoom>(
        "userroomid_knockedstate", in: "users", .randomSmall)
    package static let userLeft = Column<TupleKey<UserID, ShortRoomID>, LeftRoom>("userroomid_leftstate", in: "users", .random)

    // MARK: - receipts

    package static let receipts = Column<TupleKey<ShortRoomID, Position, UserID>, ReadReceipt>(
        "readreceiptid_readreceipt", in: "receipts", .random)
    package static let lastPrivateRead = Column<TupleKey<ShortRoomID, UserID>, Position>(
        "roomuserid_lastprivatereadupdate", in: "receipts", .randomSmall)
    package static let privateRead = Column<TupleKey<ShortRoomID, UserID, Position>, ReadReceipt>(
        "roomuserid_privateread", in: "receipts", .randomSmall)
    package static let readPositions = Column<TupleKey<ShortRoomID, UserID, String, String>, FixedKey<Position, Int64>>(
        "roomuserthread_readposition", in: "receipts", .randomSmall)
    package static let highlightCount = Column<TupleKey<UserID, ShortRoomID>, ThreadCounts>(
        "userroomid_highlightcount", in: "receipts", .random)
    package static let notificationCount = Column<TupleKey<UserID, ShortRoomID>, ThreadCounts>(
        "userroomid_notificationcount", in: "receipts", .random)

    // MARK: - servers

    package static let roomServers = Column<TupleKey<ShortRoomID, ServerName>, UInt64>("roomserverids", in: "servers", .randomSmall)
    package static let serverSigningKeys = Column<ServerName, [UInt8]>("server_signingkeys", in: "servers", .random)
    package static let serverTransaction = Column<ServerName, [UInt8]>("servercurrentevent_data", in: "servers", .randomSmall)
    package static let serverQueue = Column<TupleKey<ServerName, Position>, [UInt8]>("servernameevent_data", in: "servers", .random)
    package static let serverRooms = Column<TupleKey<ServerName, ShortRoomID>, Empty>("serverroomids", in: "servers", .randomSmall)

    /// The database as a whole.
    package static let schema = DatabaseSchema(
        name: "rooms", version: 6,
        maps: [
            eventIDToOutlier.map, eventIDToPDUID.map, eventIDToShortID.map, pduIDToEvent.map, referencedEvents.map,
            shortEventIDToAuthChain.map, shortEventIDToEventID.map, shortEventIDToPDUID.map, shortEventIDToStateHash.map,
            shortEventIDToTransaction.map, softFailedEventIDs.map, threadParticipants.map, threads.map, relations.map, annotations.map,
            aggregations.map, eventsByTime.map, searchWords.map, transactionToEventID.map,
            rejectedEvents.map, roomOutliers.map, waitingEvents.map, waitingRedactions.map, gaps.map, roomStates.map, partialStates.map,
            delayedEvents.map, delayIDToNumber.map, delayedEventsByTime.map, userDelayedEvents.map, stateKeyDelayedEvents.map,
            transactionToDelayedEvent.map, shortEventIDToDelayID.map, relationships.map, threadSubscriptions.map,
            threadSubscriptionsByPosition.map, threadSubscribers.map, delayedStickiness.map, stickyEvents.map, stickyEventsByExpiry.map,
            roomToStateHash.map, roomPositionToStateHash.map, roomStateKeyToEvent.map, stateLayers.map, shortIDToStateKey.map,
            stateHashToShortID.map, stateKeyToShortID.map,
            aliasToRoomID.map, aliasToUserID.map, roomAliases.map, bannedRoomIDs.map, disabledRoomIDs.map, publicRooms.map,
            publicRoomsBySize.map, roomInvitedCount.map, roomInviteVia.map, roomJoinedCount.map, roomExtremities.map, roomIDToShortID.map,
            shortIDToRoomID.map,
            roomInvited.map, roomJoined.map, roomKnocked.map, roomLeft.map, roomOnceJoined.map, userAvatarURL.map, userBlurhash.map,
            userDisplayName.map, erasedUsers.map, userProfileField.map, userInvited.map, userJoined.map, userKnocked.map, userLeft.map,
            receipts.map, lastPrivateRead.map, privateRead.map, readPositions.map, highlightCount.map, notificationCount.map,
            roomServers.map, serverSigningKeys.map, serverTransaction.map, serverQueue.map, serverRooms.map,
        ],
        migrations: [RoomsVersion3.migration, RoomsVersion4.migration, RoomsVersion5.migration, RoomsVersion6.migration])
}

/// What the log of positions holds in the rooms database; the numbers are stored.
package enum RoomsChange: UInt8, Sendable {
    /// An event joined a room's timeline. Scope: the room; key: the PDU ID.
    case event = 1
    /// A user's membership in a room changed. Scope: the user; key: the short room ID.
    case membership = 2
    /// A room's state changed by what is known of it, without an event of its own, or an event has left the timeline. Scope: the room;
    /// key: nothing.
    case state = 3
    /// A user follows a thread, or does no longer. Scope: the user; key: the short room ID and the short event ID of the thread's root.
    case threadSubscription = 4
    /// A user's public receipt went forward. Scope: the room; key: the user's ID.
    case receipt = 5
    /// A user's private receipt went forward. Scope: the user; key: the short room ID.
    case privateReceipt = 6
}
