import CanonicalJSON
import Store

/// How many of a device's keys can be claimed: what every sync tells, so it is kept beside the keys.
package struct KeyCounts: StoreCodable, Equatable {
    /// Of how many algorithms a device has one-time keys at most, and of how many fallback keys: the counts are written anew with each claim.
    package static let algorithmsMax = 10

    /// How many one-time keys there are, by algorithm.
    package var oneTimeKeys: [String: Int64]
    /// The algorithms whose fallback key has never been handed out.
    package var unusedFallbackKeys: Set<String>

    package init(oneTimeKeys: [String: Int64] = [:], unusedFallbackKeys: Set<String> = []) {
        self.oneTimeKeys = oneTimeKeys
        self.unusedFallbackKeys = unusedFallbackKeys
    }

    /// A JSON object.
    package var encoded: [UInt8] {
        let counts = oneTimeKeys.reduce(into: JSONObject()) { $0[$1.key] = .integer($1.value) }
        let object: JSONObject = ["one_time_keys": .object(counts), "unused_fallback_keys": .array(unusedFallbackKeysJSON)]
        return object.encoded()
    }

    package init(encoded bytes: [UInt8]) throws {
        guard let object = try? JSONValue(parsing: bytes).objectValue, let counts = object["one_time_keys"]?.objectValue,
            let unused = object["unused_fallback_keys"]?.arrayValue
        else { throw StoreError.undecodable(bytes, as: "the counts of a device's keys") }
        self.init(unusedFallbackKeys: Set(unused.compactMap(\.stringValue)))
        for (algorithm, count) in counts { oneTimeKeys[algorithm] = count.integerValue }
    }
}

extension KeyCounts {
    /// The counts by algorithm. The one algorithm that all clients use is always there, since some wait for its count to be 0.
    package var oneTimeKeysJSON: JSONObject {
        oneTimeKeys.reduce(into: ["signed_curve25519": 0]) { $0[$1.key] = .integer($1.value) }
    }

    /// The algorithms, in order.
    package var unusedFallbackKeysJSON: [JSONValue] { unusedFallbackKeys.sorted().map { .string($0) } }
}
