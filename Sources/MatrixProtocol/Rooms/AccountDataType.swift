/// The types of account data that the server itself knows.
package enum AccountDataType {
    package static let direct = "m.direct"
    package static let fullyRead = "m.fully_read"
    package static let ignoredUserList = "m.ignored_user_list"
    package static let pushRules = "m.push_rules"
    package static let tag = "m.tag"
}
