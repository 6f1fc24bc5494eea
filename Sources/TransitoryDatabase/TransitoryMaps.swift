import MatrixProtocol
import Store
import StoredIdentifiers

/// The maps of the transitory database. docs/data-model.md describes each.
package enum TransitoryMaps {
    // MARK: - devices

    package static let keyChangeIDToUserID = Column<Position, UserID>("keychangeid_userid", in: "devices", .random)
    package static let lazyLoadedMembers = Column<TupleKey<UserID, String, RoomID, UserID>, Position>(
        "lazyloadedids", in: "devices", .randomSmall)
    package static let toDeviceEvents = Column<TupleKey<UserID, String, Position>, [UInt8]>("todeviceid_events", in: "devices", .random)
    package static let toDeviceTransactions = Column<ToDeviceTransactionKey, ToDeviceTransaction>(
        "userdevicetxnid_todevice", in: "devices", .randomSmall, .pointLookups)
    package static let userIDToDeviceListVersion = Column<UserID, UInt64>("userid_devicelistversion", in: "devices", .randomSmall)

    // MARK: - connections of simplified sliding sync

    static let slidingConnections = Column<SlidingConnectionKey, SlidingConnection>(
        "userdeviceconnid_connection", in: "devices", .randomSmall, .pointLookups)
    static let slidingRooms = Column<FixedKey<SlidingConnectionID, UInt64>, SentRoom>(
        "connectionroomid_sentroom", in: "devices", .randomSmall, .pointLookups)
    static let slidingAnswers = Column<FixedKey<SlidingConnectionID, UInt64>, SentRooms>(
        "connectionversion_sentrooms", in: "devices", .randomSmall)
    static let slidingRequiredStates = Column<FixedKey<SlidingConnectionID, UInt64>, [UInt8]>(
        "connectionid_requiredstate", in: "devices", .randomSmall)

    // MARK: - presence

    package static let presenceIDToPresence = Column<Position, [UInt8]>("presenceid_presence", in: "presence", .sequentialSmall)
    package static let userIDToPresenceID = Column<UserID, Position>("userid_presenceid", in: "presence", .randomSmall)

    // MARK: - servers

    package static let serverNameToDestination = Column<ServerName, [UInt8]>("servername_destination", in: "servers", .randomSmallCache)
    package static let serverNameToEDUCount = Column<ServerName, Position>("servername_educount", in: "servers", .randomSmall)
    package static let serverNameToOverride = Column<ServerName, [UInt8]>("servername_override", in: "servers", .randomSmallCache)

    // MARK: - previews

    package static let urlPreviews = Column<String, [UInt8]>("url_previews", in: "previews", .random, .pointLookups)

    // MARK: - streams

    static let streams = Column<Scope, StreamHead>("scope_stream", in: "streams", .randomSmall, .pointLookups)
    static let streamKeys = Column<TupleKey<[UInt8], String>, StreamKey>("scopekey_stream", in: "streams", .randomSmall, .pointLookups)
    static let streamMessages = Column<TupleKey<[UInt8], String, UInt64>, [UInt8]>("scopekeysequence_message", in: "streams", .random)
    static let streamExpiries = Column<TupleKey<Int64, [UInt8]>, Empty>("expiry_scope", in: "streams", .randomSmall)

    /// The database as a whole.
    package static let schema = DatabaseSchema(
        name: "transitory", version: 5,
        maps: [
            keyChangeIDToUserID.map, lazyLoadedMembers.map, toDeviceEvents.map, toDeviceTransactions.map, userIDToDeviceListVersion.map,
            slidingConnections.map, slidingRooms.map, slidingAnswers.map, slidingRequiredStates.map,
            presenceIDToPresence.map, userIDToPresenceID.map,
            serverNameToDestination.map, serverNameToEDUCount.map, serverNameToOverride.map,
            urlPreviews.map,
            streams.map, streamKeys.map, streamMessages.map, streamExpiries.map,
        ],
        migrations: [TransitoryVersion3.migration, TransitoryVersion4.migration, TransitoryVersion5.migration])
}
