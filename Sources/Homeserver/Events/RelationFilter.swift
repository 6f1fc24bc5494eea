import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// The part of a filter that goes by how events relate to each other: `rel_types` and `not_rel_types` (MSC3874) ask what an event says of
/// itself, `related_by_rel_types` and `related_by_senders` what others say of it.
struct RelationFilter: Sendable {
    private let types: Set<String>?
    private let notTypes: Set<String>
    private let relatedByTypes: Set<String>?
    private let relatedBySenders: Set<UserID>?

    /// The lists of kinds of relations that a filter can have.
    static let typeLists = typesNames + notTypesNames + [relatedByTypesName]
    /// The lists of users that a filter can have.
    static let senderLists = [relatedBySendersName]

    /// A proposal's names stand behind those that the specification is to have.
    private static let typesNames = ["rel_types", "org.matrix.msc3874.rel_types"]
    private static let notTypesNames = ["not_rel_types", "org.matrix.msc3874.not_rel_types"]
    private static let relatedByTypesName = "related_by_rel_types"
    private static let relatedBySendersName = "related_by_senders"

    /// So many of the events that relate to one are looked at, of each event of a page.
    private static let relationsScannedMax = 1000

    /// Reads a filter's JSON; nil when relations don't matter to it.
    init?(_ json: JSONObject) {
        func strings(_ names: [String]) -> Set<String>? {
            names.lazy.compactMap { json[$0]?.arrayValue }.first.map { Set($0.compactMap(\.stringValue)) }
        }
        types = strings(Self.typesNames)
        notTypes = strings(Self.notTypesNames) ?? []
        relatedByTypes = strings([Self.relatedByTypesName])
        relatedBySenders = strings([Self.relatedBySendersName]).map { Set($0.map(UserID.init(trusted:))) }
        if types == nil, notTypes.isEmpty, relatedByTypes == nil, relatedBySenders == nil { return nil }
    }

    /// Whether the event is wanted.
    ///
    /// - Parameters:
    ///   - content: the event's content.
    ///   - view: where events that relate to it are looked up.
    func wants(_ event: StoredEvent, content: ArraySlice<UInt8>?, in view: RoomsView) throws -> Bool {
        if types != nil || !notTypes.isEmpty {
            // A reply alone has no type, and so is no relation.
            let type = try content.flatMap { try Self.relationType(in: $0) }
            guard type.map({ !notTypes.contains($0) && types?.contains($0) != false }) ?? (types == nil) else { return false }
        }
        if relatedByTypes == nil, relatedBySenders == nil { return true }
        let related = try view.relatedEvents(to: event.shortID, .min ... .max, .forward, limit: 1, ofFirst: Self.relationsScannedMax) {
            relatedByTypes?.contains($0.relationType) != false && relatedBySenders?.contains($0.sender) != false
        }
        return !related.isEmpty
    }

    /// The type of the relation that a content speaks of. It stands in clear in encrypted events too.
    private static func relationType(in content: ArraySlice<UInt8>) throws -> String? {
        guard let relatesTo = try JSONFields(scanning: content).slice("m.relates_to"), relatesTo.first == UInt8(ascii: "{") else {
            return nil
        }
        return try JSONFields(scanning: relatesTo).string("rel_type")
    }
}
