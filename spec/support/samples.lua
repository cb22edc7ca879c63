--- Finds the fenced blocks of a Markdown file, and the names in its tables.

local M = {}

--- The blocks of a file, in order: text, the words after the fence, the line of the fence.
---@param path string
---@return {text: string, language: string, variant: string?, line: integer}[]
function M.blocks(path)
    local list, block, number = {}, nil, 0
    for line in io.lines(path) do
        number = number + 1
        local info = line:match "^```(.*)$"
        if info and block then
            block.text = table.concat(block.lines, "\n") .. "\n"
            block.lines = nil
            list[#list + 1] = block
            block = nil
        elseif info then
            local language, variant = info:match "^(%S*)%s*(%S*)"
            block = {
                language = language,
                variant = variant ~= "" and variant or nil,
                line = number,
                lines = {},
            }
        elseif block then
            block.lines[#block.lines + 1] = line
        end
    end
    assert(not block, path .. ": a fence is left open")
    return list
end

--- The blocks of one language.
function M.blocks_in(path, language)
    local list = {}
    for _, block in ipairs(M.blocks(path)) do
        if block.language == language then
            list[#list + 1] = block
        end
    end
    return list
end

--- The `names` in the first column of every table of a section.
---@param path string
---@param heading string  the section's heading without its marks
---@return table<string, boolean>
function M.table_names(path, heading)
    local names, inside = {}, false
    for line in io.lines(path) do
        local title = line:match "^#+ (.*)$"
        if title then
            inside = title == heading
        elseif inside and line:match "^|" then
            for name in line:match("^|([^|]*)|"):gmatch "`([%w_]+)`" do
                names[name] = true
            end
        end
    end
    return names
end

--- What stands in a folder and ends so, sorted.
function M.files(folder, ending)
    local list = {}
    local pipe = assert(io.popen("LC_ALL=C ls " .. folder))
    for name in pipe:lines() do
        if name:sub(-#ending) == ending then
            list[#list + 1] = name
        end
    end
    pipe:close()
    return list
end

return M
