import MatrixProtocol

/// What the server has that isn't in the specification yet: only what is whole, since clients rely on it ("API Versions", `unstable_features`).
enum UnstableFeatures {
    /// - Parameters:
    ///   - hasCallTransports: whether there are services for calls of many.
    ///   - pushRules: which push rules everybody has.
    static func served(hasCallTransports: Bool, _ pushRules: PushRuleOptions) -> [String: Bool] {
        var features = always
        if hasCallTransports { features["org.matrix.msc4143"] = true }
        if pushRules.notifiesOfEncryptedEvents { features["org.matrix.msc4028"] = true }
        return features
    }

    private static let always = [
        "org.matrix.msc3391": true,
        "org.matrix.msc3440.stable": true,
        "org.matrix.msc3773": true,
        "org.matrix.msc3827.stable": true,
        "org.matrix.msc3874": true,
        "org.matrix.msc3881": true,
        "org.matrix.msc3981": true,
        "org.matrix.msc4140": true,
        "org.matrix.msc4155": true,
        "org.matrix.msc4306": true,
        "org.matrix.msc4308": true,
        "org.matrix.msc4354": true,
        "org.matrix.msc4380.stable": true,
        "org.matrix.simplified_msc3575": true,
        "uk.half-shot.msc2666.query_mutual_rooms.stable": true,
    ]
}
