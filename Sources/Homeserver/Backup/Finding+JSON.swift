import CanonicalJSON
import Store

extension Finding {
    /// The finding as a JSON object; `map` and `key` are there where it has them.
    package var json: JSONObject {
        var object: JSONObject = ["database": .string(database), "problem": .string(problem)]
        object["map"] = map.map { .string($0) }
        object["key"] = key.map { .string($0.line) }
        return object
    }
}
