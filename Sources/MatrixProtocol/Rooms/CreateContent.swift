package import CanonicalJSON

/// The content of a room's create event, as the rules read it (client-server API, "m.room.create").
///
/// A class, since the rules ask for it with every event; it never changes.
package final class CreateContent: Sendable {
    /// `room_version`, `1` if it is missing.
    package let roomVersionID: String
    /// `m.federate`: whether users of other servers can take part.
    package let federates: Bool
    /// `creator`, which rooms before version 11 have.
    package let creator: String?
    /// `additional_creators`, which rooms from version 12 on heed.
    package let additionalCreators: [UserID]
    /// `type`, such as `m.space`.
    package let roomType: String?

    package init(_ content: JSONObject) {
        roomVersionID = content["room_version"]?.stringValue ?? "1"
        federates = content["m.federate"]?.boolValue ?? true
        creator = content["creator"]?.stringValue
        additionalCreators = content["additional_creators"]?.arrayValue?.compactMap { $0.stringValue.flatMap(UserID.init) } ?? []
        roomType = content["type"]?.stringValue
    }
}

extension CreateContent {
    /// The user who created the room that this content's event starts: from room version 11 on its sender.
    func creator(of create: Event, version: RoomVersion) -> String? { version.creatorIsSender ? create.sender.string : creator }
}
